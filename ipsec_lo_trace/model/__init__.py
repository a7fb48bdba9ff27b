"""Plain data that every room shares: marks, mbufs, SAs, policies, trace records, errors."""
