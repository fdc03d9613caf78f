"""Cloud SQL Admin: instances, their users, databases and backups. No database runs behind them."""
