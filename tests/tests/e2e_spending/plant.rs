//! What runs for AI in an account: one of each kind that stops differently.

use crate::world::World;
use aws::{Call, SdkConfig};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use tests::{inside, unique};
use tokio::time::sleep;

/// A dimension of endpoints that is scaled.
const DIMENSION: &str = "sagemaker:variant:DesiredInstanceCount";

/// What starting again may change: times, and what AWS names anew.
const ANEW: [&str; 8] = [
    "CreationTime",
    "LastModifiedTime",
    "PolicyARN",
    "ScalableTargetARN",
    "Alarms",
    "RoleARN",
    "CreatedTime",
    "LastDeploymentConfig",
];

/// A notebook, an endpoint that is scaled, a GPU instance in an Auto Scaling group, a training job.
pub(crate) struct Plant {
    config: SdkConfig,
    account: String,
    name: String,
    instance: String,
    job: String,
}

impl Plant {
    /// Makes all of it.
    pub(crate) async fn make(world: &World, account: &str) -> Self {
        let config = inside(&world.stack, account).await;
        let name = format!("{}x", unique("plant"));
        let mut plant = Self { config, account: account.to_owned(), name, instance: String::new(), job: String::new() };
        plant.notebook().await;
        plant.endpoint().await;
        plant.group().await;
        plant.job().await;
        plant
    }

    async fn notebook(&self) {
        let wanted = json!({"NotebookInstanceName": self.name, "InstanceType": "ml.t3.medium", "RoleArn": self.role(),
            "Tags": [{"Key": "team", "Value": "research"}]});
        self.call("sagemaker:CreateNotebookInstance", wanted).await;
    }

    async fn endpoint(&self) {
        let name = &self.name;
        let image = format!("{}.dkr.ecr.us-east-1.amazonaws.com/image:1", self.account);
        let model = json!({"ModelName": name, "ExecutionRoleArn": self.role(), "PrimaryContainer": {"Image": image}});
        self.call("sagemaker:CreateModel", model).await;
        let variant = json!({"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1,
            "InstanceType": "ml.g4dn.xlarge", "InitialVariantWeight": 1});
        self.call(
            "sagemaker:CreateEndpointConfig",
            json!({"EndpointConfigName": name, "ProductionVariants": [variant]}),
        )
        .await;
        let tags = json!([{"Key": "team", "Value": "research"}]);
        self.call("sagemaker:CreateEndpoint", json!({"EndpointName": name, "EndpointConfigName": name, "Tags": tags}))
            .await;
        let mut target = self.scaled();
        target.extend([("MinCapacity".to_owned(), json!(1)), ("MaxCapacity".to_owned(), json!(3))]);
        self.call("application-autoscaling:RegisterScalableTarget", target.into()).await;
        let mut policy = self.scaled();
        policy.extend([
            ("PolicyName".to_owned(), json!("load")),
            ("PolicyType".to_owned(), json!("TargetTrackingScaling")),
            (
                "TargetTrackingScalingPolicyConfiguration".to_owned(),
                json!({"TargetValue": 70.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}),
            ),
        ]);
        self.call("application-autoscaling:PutScalingPolicy", policy.into()).await;
    }

    fn scaled(&self) -> Map<String, Value> {
        let of = json!({"ServiceNamespace": "sagemaker", "ResourceId": format!("endpoint/{}/variant/all", self.name),
            "ScalableDimension": DIMENSION});
        of.as_object().cloned().expect("an object")
    }

    async fn group(&mut self) {
        let name = &self.name;
        self.call(
            "autoscaling:CreateLaunchConfiguration",
            json!({"LaunchConfigurationName": name, "ImageId": "ami-12c6146b", "InstanceType": "g5.xlarge"}),
        )
        .await;
        let tag = json!({"Key": "team", "Value": "research", "PropagateAtLaunch": true, "ResourceId": name,
            "ResourceType": "auto-scaling-group"});
        // Somebody suspended one process before: it stays suspended.
        self.call(
            "autoscaling:CreateAutoScalingGroup",
            json!({"AutoScalingGroupName": name, "LaunchConfigurationName": name, "MinSize": 1, "MaxSize": 2,
                "DesiredCapacity": 1, "AvailabilityZones": {"member": ["us-east-1a"]}, "Tags": {"member": [tag]}}),
        )
        .await;
        self.call(
            "autoscaling:SuspendProcesses",
            json!({"AutoScalingGroupName": name, "ScalingProcesses": {"member": ["AZRebalance"]}}),
        )
        .await;
        let group = self.of_group().await;
        group
            .pointer("/Instances/member/InstanceId")
            .and_then(Value::as_str)
            .expect("one instance")
            .clone_into(&mut self.instance);
    }

    /// Begins another training job: one that was stopped does not go on.
    pub(crate) async fn job(&mut self) {
        self.job = unique("job");
        let wanted = json!({"TrainingJobName": self.job, "RoleArn": self.role(),
            "AlgorithmSpecification": {"TrainingInputMode": "File"}, "OutputDataConfig": {"S3OutputPath": "s3://out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600}});
        self.call("sagemaker:CreateTrainingJob", wanted).await;
    }

    /// What everything in it but the job and the instance is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/sagemaker", self.account)
    }

    async fn call(&self, name: &str, parameters: Value) -> Value {
        aws::send(&self.config, &Call::named(name, parameters)).await.unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }

    async fn of_group(&self) -> Value {
        let wanted = json!({"AutoScalingGroupNames": {"member": [self.name]}});
        let answer = self.call("autoscaling:DescribeAutoScalingGroups", wanted).await;
        answer["DescribeAutoScalingGroupsResult"]["AutoScalingGroups"]["member"].clone()
    }

    async fn of_instance(&self) -> Value {
        let answer = self.call("ec2:DescribeInstances", json!({"InstanceId": [self.instance]})).await;
        answer.pointer("/reservationSet/item/instancesSet/item").cloned().unwrap_or_default()
    }

    async fn of_notebook(&self) -> Value {
        self.call("sagemaker:DescribeNotebookInstance", json!({"NotebookInstanceName": self.name})).await
    }

    /// The endpoint; none where it is gone.
    async fn of_endpoint(&self) -> Option<Value> {
        let call = Call::named("sagemaker:DescribeEndpoint", json!({"EndpointName": self.name}));
        aws::send(&self.config, &call).await.ok()
    }

    async fn tags(&self, kind: &str) -> Value {
        let arn = format!("arn:aws:sagemaker:us-east-1:{}:{kind}/{}", self.account, self.name);
        self.call("sagemaker:ListTags", json!({"ResourceArn": arn})).await["Tags"].take()
    }

    /// All that has to be as it was once spending is released. The job is not in it.
    pub(crate) async fn image(&self) -> Value {
        let asked = json!({"ServiceNamespace": "sagemaker"});
        let own = format!("endpoint/{}/", self.name);
        let of = |mut answer: Value, list: &str| {
            let mut entries = answer[list].take().as_array().cloned().unwrap_or_default();
            entries.retain(|one| one["ResourceId"].as_str().is_some_and(|id| id.starts_with(&own)));
            entries
        };
        let targets = self.call("application-autoscaling:DescribeScalableTargets", asked.clone()).await;
        let policies = self.call("application-autoscaling:DescribeScalingPolicies", asked).await;
        let instance = self.of_instance().await;
        let endpoint = self.of_endpoint().await;
        let endpoint_tags = if endpoint.is_some() { self.tags("endpoint").await } else { Value::Null };
        let configuration = json!({"EndpointConfigName": self.name});
        let mut image = json!({
            "notebook": self.of_notebook().await, "notebookTags": self.tags("notebook-instance").await,
            "endpoint": endpoint, "endpointTags": endpoint_tags,
            "configuration": self.call("sagemaker:DescribeEndpointConfig", configuration).await,
            "targets": of(targets, "ScalableTargets"), "policies": of(policies, "ScalingPolicies"),
            "instance": instance["instanceState"], "instanceType": instance["instanceType"],
            "instanceTags": instance["tagSet"], "group": self.of_group().await,
        });
        without(&mut image);
        image
    }

    /// What runs still of all that stops.
    pub(crate) async fn running(&self) -> Vec<&'static str> {
        let job = self.call("sagemaker:DescribeTrainingJob", json!({"TrainingJobName": self.job})).await;
        let runs = [
            ("notebook", self.of_notebook().await["NotebookInstanceStatus"] != "Stopped"),
            ("endpoint", self.of_endpoint().await.is_some()),
            ("instance", self.of_instance().await["instanceState"]["name"] != "stopped"),
            ("job", job["TrainingJobStatus"] != "Stopped"),
        ];
        runs.into_iter().filter(|(_, runs)| *runs).map(|(kind, _)| kind).collect()
    }

    /// The processes of the group that stand still.
    pub(crate) async fn suspended(&self) -> String {
        self.of_group().await["SuspendedProcesses"].to_string()
    }

    /// Waits until everything is as in `image`: what starts takes a while. Returns what is different in the end.
    pub(crate) async fn differs(&self, image: &Value) -> Vec<String> {
        let began = Instant::now();
        loop {
            let now = self.image().await;
            let differences: Vec<String> = image
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(part, before)| now[part.as_str()] != **before)
                .map(|(part, before)| format!("{part} was {before} and is {}", now[part.as_str()]))
                .collect();
            if differences.is_empty() || began.elapsed() > Duration::from_secs(10) {
                return differences;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Takes out what may be anew, and sorts tags and lists of processes, which have no order.
fn without(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !ANEW.contains(&name.as_str()));
            members.values_mut().for_each(without);
        }
        Value::Array(entries) => {
            entries.iter_mut().for_each(without);
            entries.sort_by_key(Value::to_string);
        }
        _ => {}
    }
}
