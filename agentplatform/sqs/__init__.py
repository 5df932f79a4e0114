"""SQS as the broker."""
