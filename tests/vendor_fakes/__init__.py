"""Vendors of messaging services on the loopback, each as strict as its documentation."""
