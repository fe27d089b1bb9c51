"""The pages: each reads top to bottom, filters first, then freshness, then figures."""
