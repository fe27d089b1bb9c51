"""What an AWS account of TelcoPulse costs a day, by load and by component: `python -m infra.cost`."""
