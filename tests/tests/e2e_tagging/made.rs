//! One resource of each kind, made in a member account as people make them, with what `CloudTrail` says of it.

use serde_json::{Value, json};
use tests::{Aws, Creation, between, unique};

/// Resources of one call, with the record of it.
pub(crate) struct Made {
    pub creation: Creation,
    pub arns: Vec<String>,
}

/// The Region of the suite.
pub(crate) const HOME: &str = "us-east-1";

/// Makes them all.
pub(crate) async fn everything(aws: &Aws, account: &str) -> Vec<Made> {
    vec![
        bucket(aws).await,
        key(aws).await,
        endpoint(aws).await,
        notebook(aws).await,
        instance(aws, account).await,
        table(aws).await,
        function(aws).await,
        job(aws, account).await,
        secret(aws).await,
        role(aws).await,
        user(aws).await,
    ]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn made(source: &'static str, call: &'static str, request: Value, response: Value, arns: &[&str]) -> Made {
    let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
    Made { creation: Creation::by_jane(source, call, request, response), arns }
}

pub(crate) async fn bucket(aws: &Aws) -> Made {
    let name = unique("bucket");
    aws.rest("s3", "PUT", &format!("/{name}"), String::new()).await;
    made("s3", "CreateBucket", json!({ "bucketName": name }), Value::Null, &[&format!("arn:aws:s3:::{name}")])
}

async fn key(aws: &Aws) -> Made {
    let answer = aws.json("kms", "TrentService.CreateKey", &json!({})).await;
    let arn = text(&answer["KeyMetadata"]["Arn"]);
    made("kms", "CreateKey", json!({}), json!({"keyMetadata": {"arn": arn}}), &[&arn])
}

async fn endpoint(aws: &Aws) -> Made {
    let name = unique("Fraud");
    let variant =
        json!({"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"});
    let model = json!({"ModelName": name, "ExecutionRoleArn": "arn:aws:iam::111122223333:role/Models",
        "PrimaryContainer": {"Image": "image"}});
    let configuration = json!({"EndpointConfigName": name, "ProductionVariants": [variant]});
    let endpoint = json!({"EndpointName": name, "EndpointConfigName": name});
    aws.json("sagemaker", "SageMaker.CreateModel", &model).await;
    aws.json("sagemaker", "SageMaker.CreateEndpointConfig", &configuration).await;
    let answer = aws.json("sagemaker", "SageMaker.CreateEndpoint", &endpoint).await;
    let arn = text(&answer["EndpointArn"]);
    made("sagemaker", "CreateEndpoint", json!({"endpointName": name}), json!({"endpointArn": arn}), &[&arn])
}

async fn notebook(aws: &Aws) -> Made {
    let name = unique("notebook");
    let request = json!({"NotebookInstanceName": name, "InstanceType": "ml.t3.medium",
        "RoleArn": "arn:aws:iam::111122223333:role/Notebooks"});
    let answer = aws.json("sagemaker", "SageMaker.CreateNotebookInstance", &request).await;
    let arn = text(&answer["NotebookInstanceArn"]);
    let response = json!({"notebookInstanceArn": arn});
    made("sagemaker", "CreateNotebookInstance", json!({"notebookInstanceName": name}), response, &[&arn])
}

/// An instance comes with a volume that no event names, and an interface that one does.
async fn instance(aws: &Aws, account: &str) -> Made {
    let images = aws.query("ec2", &[("Action", "DescribeImages"), ("Version", "2016-11-15")]).await;
    let form = [
        ("Action", "RunInstances"),
        ("Version", "2016-11-15"),
        ("ImageId", &between(&images, "<imageId>")),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("InstanceType", "g5.xlarge"),
    ];
    let launched = aws.query("ec2", &form).await;
    let instance = between(&launched, "<instanceId>");
    let interface = between(&launched, "<networkInterfaceId>");
    let filter = [
        ("Action", "DescribeVolumes"),
        ("Version", "2016-11-15"),
        ("Filter.1.Name", "attachment.instance-id"),
        ("Filter.1.Value.1", &instance),
    ];
    let volume = between(&aws.query("ec2", &filter).await, "<volumeId>");
    let arn = |kind: &str, id: &str| format!("arn:aws:ec2:us-east-1:{account}:{kind}/{id}");
    let response = json!({"instancesSet": {"items": [{"instanceId": instance,
        "networkInterfaceSet": {"items": [{"networkInterfaceId": interface}]}}]}});
    let arns = [arn("instance", &instance), arn("network-interface", &interface), arn("volume", &volume)];
    made("ec2", "RunInstances", json!({"instanceType": "g5.xlarge"}), response, &[&arns[0], &arns[1], &arns[2]])
}

async fn table(aws: &Aws) -> Made {
    let name = unique("table");
    let request = json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]});
    let answer = aws.json("dynamodb", "DynamoDB_20120810.CreateTable", &request).await;
    let arn = text(&answer["TableDescription"]["TableArn"]);
    let response = json!({"tableDescription": {"tableArn": arn, "tableStatus": "CREATING"}});
    made("dynamodb", "CreateTable", json!({"tableName": name}), response, &[&arn])
}

async fn function(aws: &Aws) -> Made {
    let name = unique("function");
    // The role has to exist; the code is an empty archive.
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}}]});
    let made_role = make_identity(aws, "Role", &name, &[("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let request = json!({"FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Role": between(&made_role, "<Arn>"), "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}});
    let answer = aws.rest("lambda", "POST", "/2015-03-31/functions", request.to_string()).await;
    let arn = text(&serde_json::from_str::<Value>(&answer).expect("JSON")["FunctionArn"]);
    let response = json!({"functionName": name, "functionArn": arn});
    made("lambda", "CreateFunction20150331", json!({"functionName": name}), response, &[&arn])
}

async fn job(aws: &Aws, account: &str) -> Made {
    let name = unique("job");
    let request = json!({"Name": name, "Role": "arn:aws:iam::111122223333:role/Glue",
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://scripts/x.py"}});
    aws.json("glue", "AWSGlue.CreateJob", &request).await;
    let arn = format!("arn:aws:glue:us-east-1:{account}:job/{name}");
    made("glue", "CreateJob", json!({ "name": name }), json!({ "name": name }), &[&arn])
}

async fn secret(aws: &Aws) -> Made {
    let name = unique("secret");
    let request = json!({"Name": name, "SecretString": "s", "ClientRequestToken": "0123456789abcdef0123456789abcdef"});
    let arn = text(&aws.json("secretsmanager", "secretsmanager.CreateSecret", &request).await["ARN"]);
    // The case differs from the model's, as seen on AWS.
    made("secretsmanager", "CreateSecret", json!({ "name": name }), json!({ "aRN": arn }), &[&arn])
}

async fn role(aws: &Aws) -> Made {
    let name = unique("role");
    let trust = json!({"Version": "2012-10-17", "Statement": []});
    let answer = make_identity(aws, "Role", &name, &[("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let arn = between(&answer, "<Arn>");
    made("iam", "CreateRole", json!({"roleName": name}), json!({"role": {"arn": arn}}), &[&arn])
}

async fn user(aws: &Aws) -> Made {
    let name = unique("user");
    let arn = between(&make_identity(aws, "User", &name, &[]).await, "<Arn>");
    made("iam", "CreateUser", json!({"userName": name}), json!({"user": {"arn": arn}}), &[&arn])
}

async fn make_identity(aws: &Aws, kind: &str, name: &str, more: &[(&str, &str)]) -> String {
    let (action, field) = (format!("Create{kind}"), format!("{kind}Name"));
    let mut form = vec![("Action", action.as_str()), ("Version", "2010-05-08"), (field.as_str(), name)];
    form.extend(more);
    aws.query("iam", &form).await
}

/// A topic, for what needs many of something.
pub(crate) async fn topic(aws: &Aws, account: &str, name: &str) -> Made {
    topic_in(aws, account, HOME, name).await
}

/// A topic in a Region, which is that of `aws`.
pub(crate) async fn topic_in(aws: &Aws, account: &str, region: &str, name: &str) -> Made {
    let form = [("Action", "CreateTopic"), ("Version", "2010-03-31"), ("Name", name)];
    aws.query("sns", &form).await;
    topic_to_be(account, region, name)
}

/// What is told of a topic, whether it exists or not.
pub(crate) fn topic_to_be(account: &str, region: &str, name: &str) -> Made {
    let arn = format!("arn:aws:sns:{region}:{account}:{name}");
    made("sns", "CreateTopic", json!({ "name": name }), json!({ "topicArn": arn }), &[&arn])
}
