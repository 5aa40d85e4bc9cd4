module github.com/lambdatune/lambdatune/examples/lab

go 1.26.0

replace github.com/lambdatune/lambdatune => ../..
