"""The science: agreement, consensus, priority. Pure: no IO, no clock, no random state of its own."""
