"""The terminal app: screens, and what runs behind them. The only part of the client that knows Textual."""
