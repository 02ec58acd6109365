"""The terminal app: screens, and what runs behind them. Only here the client knows Textual."""
