"""What is told of predictions and results beyond them: where errors come from, data beside predictions."""
