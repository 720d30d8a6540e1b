"""Oracle predicts the next session's closing price of stocks and says how sure it is."""
