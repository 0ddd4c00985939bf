"""Questions asked of several runs at once: what a study is (`study`), arms side by side with the same luck (`compare`)."""
