patron 4163 1461
postgres 763 453
