"""What TelcoPulse runs on: the local AWS and the feed of phone measurements."""
