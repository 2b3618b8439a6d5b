"""What a conversation is: turns, settings, its file, what is sent of it. Knows neither screen nor HTTP."""
