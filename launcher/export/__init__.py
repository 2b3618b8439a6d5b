"""What vdeck writes for other programs: a Grafana dashboard, the scrape configuration of a Prometheus."""
