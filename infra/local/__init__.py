"""The AWS services that TelcoPulse uses, on one machine: moto's server with Athena executing on Trino."""
