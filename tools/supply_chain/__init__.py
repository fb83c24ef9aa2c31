"""The locked packages: software bill of materials and known vulnerabilities."""
