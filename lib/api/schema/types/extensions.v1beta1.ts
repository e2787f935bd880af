/** The types of `api.extensions.v1beta1`; `../table.ts` says how to read this. */
export const extensionsV1beta1 = `
DaemonSet
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 DaemonSetSpec
  status? 3 DaemonSetStatus

DaemonSetCondition
  type? 1 string
  status? 2 string
  lastTransitionTime? 3 meta.Time
  reason? 4 string
  message? 5 string

DaemonSetList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []DaemonSet

DaemonSetSpec
  selector? 1 *meta.LabelSelector
  template? 2 core.PodTemplateSpec
  updateStrategy? 3 DaemonSetUpdateStrategy
  minReadySeconds? 4 int32
  templateGeneration? 5 int64
  revisionHistoryLimit? 6 *int32

DaemonSetStatus
  currentNumberScheduled? 1 int32
  numberMisscheduled? 2 int32
  desiredNumberScheduled? 3 int32
  numberReady? 4 int32
  observedGeneration? 5 int64
  updatedNumberScheduled? 6 int32
  numberAvailable? 7 int32
  numberUnavailable? 8 int32
  collisionCount? 9 *int32
  conditions? 10 []DaemonSetCondition

DaemonSetUpdateStrategy
  type? 1 string
  rollingUpdate? 2 *RollingUpdateDaemonSet

Deployment
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 DeploymentSpec
  status? 3 DeploymentStatus

DeploymentCondition
  type? 1 string
  status? 2 string
  lastUpdateTime? 6 meta.Time
  lastTransitionTime? 7 meta.Time
  reason? 4 string
  message? 5 string

DeploymentList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []Deployment

DeploymentRollback
  name? 1 string
  updatedAnnotations? 2 map[string]string
  rollbackTo? 3 RollbackConfig

DeploymentSpec
  replicas? 1 *int32
  selector? 2 *meta.LabelSelector
  template? 3 core.PodTemplateSpec
  strategy? 4 DeploymentStrategy
  minReadySeconds? 5 int32
  revisionHistoryLimit? 6 *int32
  paused? 7 bool
  rollbackTo? 8 RollbackConfig
  progressDeadlineSeconds? 9 *int32

DeploymentStatus
  observedGeneration? 1 int64
  replicas? 2 int32
  updatedReplicas? 3 int32
  readyReplicas? 7 int32
  availableReplicas? 4 int32
  unavailableReplicas? 5 int32
  terminatingReplicas? 9 *int32
  conditions? 6 []DeploymentCondition
  collisionCount? 8 *int32

DeploymentStrategy
  type? 1 string
  rollingUpdate? 2 *RollingUpdateDeployment

HTTPIngressPath
  path? 1 string
  pathType? 3 *string
  backend? 2 IngressBackend

HTTPIngressRuleValue
  paths? 1 []HTTPIngressPath

IPBlock
  cidr? 1 string
  except? 2 []string

Ingress
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 IngressSpec
  status? 3 IngressStatus

IngressBackend
  serviceName? 1 string
  servicePort? 2 intstr.IntOrString
  resource? 3 *core.TypedLocalObjectReference

IngressList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []Ingress

IngressLoadBalancerIngress
  ip? 1 string
  hostname? 2 string
  ports? 4 []IngressPortStatus

IngressLoadBalancerStatus
  ingress? 1 []IngressLoadBalancerIngress

IngressPortStatus
  port? 1 int32
  protocol? 2 core.Protocol
  error? 3 *string

IngressRule
  host? 1 string
  ...IngressRuleValue 2

IngressRuleValue
  http? 1 *HTTPIngressRuleValue

IngressSpec
  ingressClassName? 4 *string
  backend? 1 *IngressBackend
  tls? 2 []IngressTLS
  rules? 3 []IngressRule

IngressStatus
  loadBalancer? 1 IngressLoadBalancerStatus

IngressTLS
  hosts? 1 []string
  secretName? 2 string

NetworkPolicy
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 NetworkPolicySpec

NetworkPolicyEgressRule
  ports? 1 []NetworkPolicyPort
  to? 2 []NetworkPolicyPeer

NetworkPolicyIngressRule
  ports? 1 []NetworkPolicyPort
  from? 2 []NetworkPolicyPeer

NetworkPolicyList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []NetworkPolicy

NetworkPolicyPeer
  podSelector? 1 *meta.LabelSelector
  namespaceSelector? 2 *meta.LabelSelector
  ipBlock? 3 *IPBlock

NetworkPolicyPort
  protocol? 1 *core.Protocol
  port? 2 *intstr.IntOrString
  endPort? 3 *int32

NetworkPolicySpec
  podSelector? 1 meta.LabelSelector
  ingress? 2 []NetworkPolicyIngressRule
  egress? 3 []NetworkPolicyEgressRule
  policyTypes? 4 []string

ReplicaSet
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 ReplicaSetSpec
  status? 3 ReplicaSetStatus

ReplicaSetCondition
  type? 1 string
  status? 2 string
  lastTransitionTime? 3 meta.Time
  reason? 4 string
  message? 5 string

ReplicaSetList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []ReplicaSet

ReplicaSetSpec
  replicas? 1 *int32
  minReadySeconds? 4 int32
  selector? 2 *meta.LabelSelector
  template? 3 core.PodTemplateSpec

ReplicaSetStatus
  replicas? 1 int32
  fullyLabeledReplicas? 2 int32
  readyReplicas? 4 int32
  availableReplicas? 5 int32
  terminatingReplicas? 7 *int32
  observedGeneration? 3 int64
  conditions? 6 []ReplicaSetCondition

RollbackConfig
  revision? 1 int64

RollingUpdateDaemonSet
  maxUnavailable? 1 *intstr.IntOrString
  maxSurge? 2 *intstr.IntOrString

RollingUpdateDeployment
  maxUnavailable? 1 *intstr.IntOrString
  maxSurge? 2 *intstr.IntOrString

Scale
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 ScaleSpec
  status? 3 ScaleStatus

ScaleSpec
  replicas? 1 int32

ScaleStatus
  replicas? 1 int32
  selector? 2 map[string]string
  targetSelector? 3 string
`;
