"""What untrusted text may show: words and plain Markdown, no image, no link, no marker but ours."""
