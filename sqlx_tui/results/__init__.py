"""What came back."""
