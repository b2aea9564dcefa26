//! Where the tables of other servers and the local ones differ on purpose, and what decides for ours.

/// Where a peer and the local DynamoDB differ: the step, how our answer and the peer's begin, and what decides for ours. "Reference" is the
/// DynamoDB API reference, "guide" the developer guide.
pub(crate) type Difference = (&'static str, &'static str, &'static str, &'static str);

const CREATING: &str = "Reference, CreateTable: it returns with the status CREATING.";
const DELETING: &str = "Reference, DeleteTable: the table is in the status DELETING.";
const PROVISIONED: &str =
    "A table that always had its units has no BillingModeSummary: gravitational/teleport, lib/backend/dynamo.";
const SHOWN: &str = "Reference, PutItem, ReturnValuesOnConditionCheckFailure: ALL_OLD or NONE.";
const DISTINCT: &str = "The first operand must be distinct from the others: mhart/dynalite, checkDistinct.";
const BEGINS: &str = "Incorrect operand type for begins_with: mhart/dynalite, as ministack has it for Scan.";
const SORTED: &str = "Its tables are in the order they were created in; ministack's are sorted, as ours.";

/// ministack 1.5.33.
pub(crate) const MINISTACK: [Difference; 15] = [
    (
        "no table: backups",
        "400 TableNotFoundException",
        "400 ResourceNotFoundException",
        "Reference, DescribeContinuousBackups, Errors: TableNotFoundException; so does moto.",
    ),
    ("a table is created", "200 ", "200 ", CREATING),
    ("a table with bought units", "200 ", "200 ", CREATING),
    ("it is described", "200 ", "200 ", PROVISIONED),
    ("an empty table is deleted", "200 ", "200 ", PROVISIONED),
    (
        "the tables behind it",
        "200 {\"TableNames\":[\"locks\"]}",
        "200 {\"LastEvaluatedTableName\"",
        "Reference, ListTables, LastEvaluatedTableName: it is there if there are more; so does moto.",
    ),
    ("a page of nothing", "400 ValidationException", "200 ", "Reference, ListTables, Limit: at least 1."),
    (
        "backups are switched on",
        "200 ",
        "200 ",
        "Reference, PointInTimeRecoveryDescription, RecoveryPeriodInDays: 35 unless it is said; so does moto.",
    ),
    (
        "text that is a number",
        "400 SerializationException",
        "400 ValidationException",
        "JSON of another shape is a SerializationException; so does moto.",
    ),
    ("values that a failed condition does not show", "400 ValidationException", "200 {}", SHOWN),
    (
        "text in quotes",
        "400 ValidationException",
        "400 ConditionalCheckFailedException",
        "Guide, \"Syntax for filter and condition expressions\": an operand is a name or a placeholder.",
    ),
    (
        "a function in capitals",
        "400 ValidationException",
        "200 {}",
        "Guide, \"Functions\": their names are case-sensitive.",
    ),
    ("an attribute against itself", "400 ValidationException", "200 {}", DISTINCT),
    ("a beginning that is a number", "400 ValidationException", "400 ConditionalCheckFailedException", BEGINS),
    (
        "a projection that ends in a comma",
        "400 ValidationException",
        "200 {\"Item\":{\"LockID\"",
        "Guide, \"Using projection expressions\": names with commas between them; moto breaks over it.",
    ),
];

/// moto 5.2.5.
pub(crate) const MOTO: [Difference; 20] = [
    (
        "a name of two characters",
        "400 ValidationException",
        "200 ",
        "Reference, CreateTable, TableName: at least 3 characters; so does ministack.",
    ),
    ("a table is created", "200 ", "200 ", CREATING),
    ("a table with bought units", "200 ", "200 ", CREATING),
    ("it is described", "200 ", "200 ", PROVISIONED),
    ("a table with items is deleted", "200 ", "200 ", DELETING),
    ("an empty table is deleted", "200 ", "200 ", DELETING),
    (
        "the first table is listed",
        "200 {\"LastEvaluatedTableName\":\"bought\"",
        "200 {\"LastEvaluatedTableName\":\"locks\"",
        SORTED,
    ),
    ("the tables behind it", "200 {\"TableNames\":[\"locks\"]}", "200 {\"TableNames\":[]}", SORTED),
    ("a page of nothing", "400 ValidationException", "200 ", "Reference, ListTables, Limit: at least 1."),
    (
        "a value of two types",
        "400 ValidationException",
        "200 {}",
        "Reference, AttributeValue: a union, of which one member is given; so does ministack.",
    ),
    (
        "a set with a member twice",
        "400 ValidationException",
        "200 {}",
        "Guide, \"Data types\", Sets: each value is unique; so does ministack.",
    ),
    (
        "a key that is a number",
        "400 ValidationException",
        "200 {}",
        "Reference, DeleteItem, Key: it is of the key's type; so does ministack.",
    ),
    ("values that a failed condition does not show", "400 ValidationException", "200 {}", SHOWN),
    ("an empty condition", "400 ValidationException", "200 {}", "The expression can not be empty; so does ministack."),
    ("an attribute against itself", "400 ValidationException", "200 {}", DISTINCT),
    (
        "a value that is not used",
        "400 ValidationException",
        "400 ConditionalCheckFailedException",
        "Value provided in ExpressionAttributeValues unused in expressions; so does ministack.",
    ),
    (
        "a value without a condition",
        "400 ValidationException",
        "200 {}",
        "ExpressionAttributeValues can only be specified when using expressions; so does ministack.",
    ),
    ("a beginning that is a number", "400 ValidationException", "400 ConditionalCheckFailedException", BEGINS),
    (
        "pages of one",
        "[1, 1, 1, 0]",
        "[1, 1, 1]",
        "Reference, Scan, LastEvaluatedKey: there may be nothing behind it; so does ministack.",
    ),
    (
        "pages of all",
        "[3, 0]",
        "[3]",
        "Reference, Scan, LastEvaluatedKey: there may be nothing behind it; so does ministack.",
    ),
];
