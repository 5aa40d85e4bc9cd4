package filter

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s GenericSource) Criteria(patterns ...Pattern[GenericSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// Field is a field of the event: the names of the objects around it and its own.
func (GenericSource) Field(name string, more ...string) Field[GenericSource] {
	return fieldAt[GenericSource](join(name, more)...)
}

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s SQSSource) Criteria(patterns ...Pattern[SQSSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// Body is a field of a JSON body. A message whose body is not a JSON object is
// deleted.
func (SQSSource) Body(name string, more ...string) Field[SQSSource] {
	return fieldAt[SQSSource](join(name, more, "body")...)
}

// BodyText is a body of plain text. A message whose body is a JSON object is
// deleted.
func (SQSSource) BodyText() Text[SQSSource] { return textAt[SQSSource]("body") }

// MessageAttribute is the string value of a message attribute. Lambda's current
// guide names the body only.
func (SQSSource) MessageAttribute(name string) Text[SQSSource] {
	return textAt[SQSSource]("messageAttributes", name, "stringValue")
}

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s KinesisSource) Criteria(patterns ...Pattern[KinesisSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// Data is a field of the record's JSON data. A record whose data is not a JSON
// object is skipped.
func (KinesisSource) Data(name string, more ...string) Field[KinesisSource] {
	return fieldAt[KinesisSource](join(name, more, "data")...)
}

// PartitionKey is the record's partition key. Lambda's current guide names the
// data only.
func (KinesisSource) PartitionKey() Text[KinesisSource] {
	return textAt[KinesisSource]("partitionKey")
}

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s DynamoDBSource) Criteria(patterns ...Pattern[DynamoDBSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// EventName is INSERT, MODIFY or REMOVE.
func (DynamoDBSource) EventName() Text[DynamoDBSource] { return textAt[DynamoDBSource]("eventName") }

// Key is an attribute of the item's primary key.
func (DynamoDBSource) Key(name string) Attribute {
	return Attribute{[]string{"dynamodb", "Keys", name}}
}

// NewImage is an attribute of the item as it is after the change.
func (DynamoDBSource) NewImage(name string) Attribute {
	return Attribute{[]string{"dynamodb", "NewImage", name}}
}

// OldImage is an attribute of the item as it was before the change.
func (DynamoDBSource) OldImage(name string) Attribute {
	return Attribute{[]string{"dynamodb", "OldImage", name}}
}

// An Attribute is an attribute of a DynamoDB item. In a record its value is under
// its type, so a condition has to name one.
type Attribute struct {
	path []string
}

func (a Attribute) at(step ...string) []string { return join(step[0], step[1:], a.path...) }

// S is a string.
func (a Attribute) S() Text[DynamoDBSource] { return textAt[DynamoDBSource](a.at("S")...) }

// N is a number, which is a string in the record, as in "100": it can be equal
// to one or begin with one, but not be compared.
func (a Attribute) N() Text[DynamoDBSource] { return textAt[DynamoDBSource](a.at("N")...) }

// B is binary data, in base64.
func (a Attribute) B() Text[DynamoDBSource] { return textAt[DynamoDBSource](a.at("B")...) }

// SS is any element of a set of strings.
func (a Attribute) SS() Text[DynamoDBSource] { return textAt[DynamoDBSource](a.at("SS")...) }

// NS is any element of a set of numbers, which are strings in the record.
func (a Attribute) NS() Text[DynamoDBSource] { return textAt[DynamoDBSource](a.at("NS")...) }

// BOOL matches a boolean of that value.
func (a Attribute) BOOL(value bool) Pattern[DynamoDBSource] {
	return fieldAt[DynamoDBSource](a.at("BOOL")...).IsBool(value)
}

// NULL matches an attribute that is null.
func (a Attribute) NULL() Pattern[DynamoDBSource] {
	return fieldAt[DynamoDBSource](a.at("NULL")...).IsBool(true)
}

// M is an attribute in a map.
func (a Attribute) M(name string) Attribute { return Attribute{a.at("M", name)} }

// L is any element of a list.
func (a Attribute) L() Attribute { return Attribute{a.at("L")} }

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s KafkaSource) Criteria(patterns ...Pattern[KafkaSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// Value is a field of a JSON value. A record whose value is not a JSON object is
// not judged by it.
func (KafkaSource) Value(name string, more ...string) Field[KafkaSource] {
	return fieldAt[KafkaSource](join(name, more, "value")...)
}

// ValueText is a value of plain text. A record whose value is a JSON object or
// not UTF-8 is not judged by it.
func (KafkaSource) ValueText() Text[KafkaSource] { return textAt[KafkaSource]("value") }

// Key is [KafkaSource.Value] for the record's key.
func (KafkaSource) Key(name string, more ...string) Field[KafkaSource] {
	return fieldAt[KafkaSource](join(name, more, "key")...)
}

// KeyText is [KafkaSource.ValueText] for the record's key.
func (KafkaSource) KeyText() Text[KafkaSource] { return textAt[KafkaSource]("key") }

// Topic is the record's topic.
func (KafkaSource) Topic() Text[KafkaSource] { return textAt[KafkaSource]("topic") }

// Partition is the number of the record's partition.
func (KafkaSource) Partition() Field[KafkaSource] { return fieldAt[KafkaSource]("partition") }

// Criteria are the patterns, any of which has to match, as [Parse] makes them.
func (s MQSource) Criteria(patterns ...Pattern[MQSource]) (*Criteria, error) {
	return criteria(s, patterns)
}

// Data is a field of a message's JSON data. A message whose data is not a JSON
// object is not judged by it.
func (MQSource) Data(name string, more ...string) Field[MQSource] {
	return fieldAt[MQSource](join(name, more, "data")...)
}

// DataText is data of plain text. A message whose data is a JSON object or not
// UTF-8 is not judged by it.
func (MQSource) DataText() Text[MQSource] { return textAt[MQSource]("data") }

// Destination is the physical name of the queue, with ActiveMQ.
func (MQSource) Destination() Text[MQSource] {
	return textAt[MQSource]("destination", "physicalName")
}
