"""Where moto 5.2.5 is kinder than AWS, one module per service."""
