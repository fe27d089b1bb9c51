variable "stream_retention_hours" {
  description = "Hours that Kinesis keeps records: how long the job may be down without loss"
  type        = number
  nullable    = false
  default     = 72

  validation {
    # The raw table keeps its snapshots for 8 days, and they must outlive the records: exactly-once rests on it.
    condition     = var.stream_retention_hours >= 24 && var.stream_retention_hours <= 168
    error_message = "stream_retention_hours must be from 24 to 168."
  }
}

variable "glue_version" {
  description = "Glue version of the streaming job"
  type        = string
  nullable    = false
  default     = "6.0"

  validation {
    # Python data sources, which the Kinesis source is one of, came with Spark 4.
    condition     = can(regex("^[0-9]+\\.[0-9]+$", var.glue_version)) && tonumber(split(".", var.glue_version)[0]) >= 6
    error_message = "glue_version must be 6.0 or newer: the job needs Spark 4.1 and Python 3.11."
  }
}

variable "stream_worker_type" {
  description = "Worker type of the streaming job"
  type        = string
  nullable    = false
  default     = "G.1X"

  validation {
    condition     = contains(["G.025X", "G.1X", "G.2X", "G.4X", "G.8X"], var.stream_worker_type)
    error_message = "stream_worker_type must be G.025X, G.1X, G.2X, G.4X or G.8X."
  }
}

variable "stream_max_workers" {
  description = "Workers that the streaming job scales out to, one of them its driver"
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = var.stream_max_workers >= 2 && var.stream_max_workers <= 100
    error_message = "stream_max_workers must be from 2 to 100."
  }
}

variable "stream_trigger_seconds" {
  description = "Seconds between two micro-batches: longer makes fewer, larger files"
  type        = number
  nullable    = false
  default     = 10

  validation {
    condition     = var.stream_trigger_seconds >= 1 && var.stream_trigger_seconds <= 300
    error_message = "stream_trigger_seconds must be from 1 to 300."
  }
}

variable "stream_maintenance_window" {
  description = "Weekday and hour (UTC) in which Glue restarts the streaming job once a week"
  type        = string
  nullable    = false
  default     = "Sun:2"

  validation {
    condition     = can(regex("^(Sun|Mon|Tue|Wed|Thu|Fri|Sat):([01]?[0-9]|2[0-3])$", var.stream_maintenance_window))
    error_message = "stream_maintenance_window must be a weekday and an hour, such as Sun:2."
  }
}
