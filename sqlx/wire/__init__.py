"""WireVM: runs a wire pack. Knows no SQL, no policy, no engine by name."""
