"""What AWS does and MiniStack 1.5.33 lacks, one named extension each."""
