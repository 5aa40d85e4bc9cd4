// Package attribute turns the records of a DynamoDB stream into plain JSON for
// the Go type that is to hold them: {"S":"x"} becomes "x", {"M":{…}} an object,
// sets become arrays, and attributes get the names that the type's json tags
// have where its dynamodbav tags differ. It links nothing of the AWS SDK. See
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
package attribute
