"""The chat: the conversation with the model of a run, alone or several side by side."""
