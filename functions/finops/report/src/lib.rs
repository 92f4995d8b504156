//! Who spent what, what is idle, and what comes next: HTML, CSV, JSON, a short text.
