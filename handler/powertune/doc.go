// Command powertune measures a function at several memory sizes and says which
// is fastest, which is cheapest, and what kind of function it is: one that is
// bound by the CPU gets faster with memory up to about one core (1,769 MB) and
// often cheaper with it; one that waits for others only gets dearer.
//
//	go run github.com/lambdatune/lambdatune/handler/powertune \
//	    -payload event.json -num 100 arn:aws:lambda:eu-west-1:123456789012:function:orders
//
// Each size is measured on a published version of its own behind an alias
// (powertune-512), so that production's alias and versions are not touched.
// $LATEST has another memory size only while the versions are published, and
// gets its own back also after an error or Ctrl-C; aliases and versions of the
// run are deleted. What a killed run left behind, the next run finds, by its
// alias "powertune", and offers to restore with -restore.
//
// Cold starts are reported apart and are not part of the figures. Durations are
// means without the fastest and the slowest 20 %. Cost is GB-seconds at the
// list price of the architecture and region, see -prices.
//
// Without AWS, a function's curve can be seen before it is deployed:
//
//	go run github.com/lambdatune/lambdatune/handler/powertune -local ./examples/orders -payload event.json
//
// That runs it under a CPU quota of memory / 1,769 of a core: an approximation,
// labelled as one. This machine's core is not Lambda's, sizes beyond its cores
// cannot be told apart, and memory is not limited.
//
// The permissions needed are lambda:GetFunctionConfiguration,
// UpdateFunctionConfiguration, PublishVersion, ListVersionsByFunction,
// DeleteFunction (of versions), CreateAlias, UpdateAlias, GetAlias, ListAliases,
// DeleteAlias and InvokeFunction.
package main
