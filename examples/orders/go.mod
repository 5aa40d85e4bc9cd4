module github.com/lambdatune/lambdatune/examples/orders

go 1.26.0
