"""jianfu (减负): measures the burden of work groups and takes part of it away."""

__version__ = "0.1.0"
