"""The Flask house of Zhenjie (镇街购): people do the steps, the engine layer decides what comes next."""
