"""What a study is: arms, factors, distributions, designs, draws."""
