/** The types of `api.core.v1`; `../table.ts` says how to read this. */
export const coreV1 = `
PullPolicy = string Always|IfNotPresent|Never
TerminationMessagePolicy = string FallbackToLogsOnError|File
Protocol = string SCTP|TCP|UDP
RestartPolicy = string Always|Never|OnFailure
DNSPolicy = string ClusterFirst|ClusterFirstWithHostNet|Default|None
ServiceType = string ClusterIP|ExternalName|LoadBalancer|NodePort
ServiceAffinity = string ClientIP|None
IPFamily = string |IPv4|IPv6
IPFamilyPolicy = string PreferDualStack|RequireDualStack|SingleStack
ServiceInternalTrafficPolicy = string Cluster|Local
ServiceExternalTrafficPolicy = string Cluster|Local
TaintEffect = string NoExecute|NoSchedule|PreferNoSchedule
TolerationOperator = string Equal|Exists|Gt|Lt
PodPhase = string Failed|Pending|Running|Succeeded|Unknown
PodQOSClass = string BestEffort|Burstable|Guaranteed
NamespacePhase = string Active|Terminating
NodePhase = string Pending|Running|Terminated
URIScheme = string HTTP|HTTPS
HostPathType = string |BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket
MountPropagationMode = string Bidirectional|HostToContainer|None
NodeSelectorOperator = string DoesNotExist|Exists|Gt|In|Lt|NotIn
UnsatisfiableConstraintAction = string DoNotSchedule|ScheduleAnyway
NodeInclusionPolicy = string Honor|Ignore
PodFSGroupChangePolicy = string Always|OnRootMismatch
SupplementalGroupsPolicy = string Merge|Strict
SeccompProfileType = string Localhost|RuntimeDefault|Unconfined
AppArmorProfileType = string Localhost|RuntimeDefault|Unconfined
PreemptionPolicy = string Never|PreemptLowerPriority
ProcMountType = string Default|Unmasked
PersistentVolumeReclaimPolicy = string Delete|Recycle|Retain
PersistentVolumeMode = string Block|Filesystem
PersistentVolumeAccessMode = string ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod
PersistentVolumePhase = string Available|Bound|Failed|Pending|Released
PersistentVolumeClaimPhase = string Bound|Lost|Pending
AzureDataDiskCachingMode = string None|ReadOnly|ReadWrite
AzureDataDiskKind = string Dedicated|Managed|Shared
ResourceQuotaScope = string BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass
ScopeSelectorOperator = string DoesNotExist|Exists|In|NotIn
StorageMedium = string
Capability = string
ConditionStatus = string
PodConditionType = string
NodeConditionType = string
NodeAddressType = string
NamespaceConditionType = string
FinalizerName = string
SecretType = string
ComponentConditionType = string
ReplicationControllerConditionType = string
LimitType = string
ContainerRestartPolicy = string
RecursiveReadOnlyMode = string
OSName = string
ResourceResizeRestartPolicy = string
Signal = string SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ
LoadBalancerIPMode = string
PersistentVolumeClaimConditionType = string
ResourceName = string
UniqueVolumeName = string
PodSELinuxChangePolicy = string
ResourceList = map[ResourceName]resource.Quantity

AWSElasticBlockStoreVolumeSource
  volumeID* 1 string
  fsType? 2 string
  partition? 3 int32
  readOnly? 4 bool

Affinity
  nodeAffinity? 1 *NodeAffinity
  podAffinity? 2 *PodAffinity
  podAntiAffinity? 3 *PodAntiAffinity

AppArmorProfile
  type* 1 AppArmorProfileType
  localhostProfile? 2 *string

AttachedVolume
  name* 1 UniqueVolumeName
  devicePath* 2 string

AzureDiskVolumeSource
  diskName* 1 string
  diskURI* 2 string
  cachingMode? 3 *AzureDataDiskCachingMode
  fsType? 4 *string
  readOnly? 5 *bool
  kind? 6 *AzureDataDiskKind

AzureFilePersistentVolumeSource
  secretName* 1 string
  shareName* 2 string
  readOnly? 3 bool
  secretNamespace? 4 *string

AzureFileVolumeSource
  secretName* 1 string
  shareName* 2 string
  readOnly? 3 bool

Binding
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  target* 2 ObjectReference

CSIPersistentVolumeSource
  driver* 1 string
  volumeHandle* 2 string
  readOnly? 3 bool
  fsType? 4 string
  volumeAttributes? 5 map[string]string
  controllerPublishSecretRef? 6 *SecretReference
  nodeStageSecretRef? 7 *SecretReference
  nodePublishSecretRef? 8 *SecretReference
  controllerExpandSecretRef? 9 *SecretReference
  nodeExpandSecretRef? 10 *SecretReference

CSIVolumeSource
  driver* 1 string
  readOnly? 2 *bool
  fsType? 3 *string
  volumeAttributes? 4 map[string]string
  nodePublishSecretRef? 5 *LocalObjectReference

Capabilities
  add? 1 []Capability list=atomic
  drop? 2 []Capability list=atomic

CephFSPersistentVolumeSource
  monitors* 1 []string list=atomic
  path? 2 string
  user? 3 string
  secretFile? 4 string
  secretRef? 5 *SecretReference
  readOnly? 6 bool

CephFSVolumeSource
  monitors* 1 []string list=atomic
  path? 2 string
  user? 3 string
  secretFile? 4 string
  secretRef? 5 *LocalObjectReference
  readOnly? 6 bool

CinderPersistentVolumeSource
  volumeID* 1 string
  fsType? 2 string
  readOnly? 3 bool
  secretRef? 4 *SecretReference

CinderVolumeSource
  volumeID* 1 string
  fsType? 2 string
  readOnly? 3 bool
  secretRef? 4 *LocalObjectReference

ClientIPConfig
  timeoutSeconds? 1 *int32

ClusterTrustBundleProjection
  name? 1 *string
  signerName? 2 *string
  labelSelector? 3 *meta.LabelSelector
  optional? 5 *bool
  path* 4 string

ComponentCondition
  type* 1 ComponentConditionType
  status* 2 ConditionStatus
  message? 3 string
  error? 4 string

ComponentStatus
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  conditions? 2 []ComponentCondition patch=merge/type list=map/type

ComponentStatusList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ComponentStatus

ConfigMap
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  immutable? 4 *bool
  data? 2 map[string]string
  binaryData? 3 map[string]bytes

ConfigMapEnvSource
  ...LocalObjectReference 1
  optional? 2 *bool

ConfigMapKeySelector atomic
  ...LocalObjectReference 1
  key* 2 string
  optional? 3 *bool

ConfigMapList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ConfigMap

ConfigMapNodeConfigSource
  namespace* 1 string
  name* 2 string
  uid? 3 string
  resourceVersion? 4 string
  kubeletConfigKey* 5 string

ConfigMapProjection
  ...LocalObjectReference 1
  items? 2 []KeyToPath list=atomic
  optional? 4 *bool

ConfigMapVolumeSource
  ...LocalObjectReference 1
  items? 2 []KeyToPath list=atomic
  defaultMode? 3 *int32
  optional? 4 *bool

Container
  name* 1 string
  image? 2 string
  command? 3 []string list=atomic
  args? 4 []string list=atomic
  workingDir? 5 string
  ports? 6 []ContainerPort patch=merge/containerPort list=map/containerPort,protocol
  envFrom? 19 []EnvFromSource list=atomic
  env? 7 []EnvVar patch=merge/name list=map/name
  resources? 8 ResourceRequirements
  resizePolicy? 23 []ContainerResizePolicy list=atomic
  restartPolicy? 24 *ContainerRestartPolicy
  restartPolicyRules? 25 []ContainerRestartRule list=atomic
  volumeMounts? 9 []VolumeMount patch=merge/mountPath list=map/mountPath
  volumeDevices? 21 []VolumeDevice patch=merge/devicePath list=map/devicePath
  livenessProbe? 10 *Probe
  readinessProbe? 11 *Probe
  startupProbe? 22 *Probe
  lifecycle? 12 *Lifecycle
  terminationMessagePath? 13 string
  terminationMessagePolicy? 20 TerminationMessagePolicy
  imagePullPolicy? 14 PullPolicy
  securityContext? 15 *SecurityContext
  stdin? 16 bool
  stdinOnce? 17 bool
  tty? 18 bool

ContainerExtendedResourceRequest
  containerName* 1 string
  resourceName* 2 string
  requestName* 3 string

ContainerImage
  names? 1 []string list=atomic
  sizeBytes? 2 int64

ContainerPort
  name? 1 string
  hostPort? 2 int32
  containerPort* 3 int32
  protocol? 4 Protocol default=TCP
  hostIP? 5 string

ContainerResizePolicy
  resourceName* 1 ResourceName
  restartPolicy* 2 ResourceResizeRestartPolicy

ContainerRestartRule
  action* 1 string
  exitCodes? 2 *ContainerRestartRuleOnExitCodes

ContainerRestartRuleOnExitCodes
  operator* 1 string
  values? 2 []int32 list=set

ContainerState
  waiting? 1 *ContainerStateWaiting
  running? 2 *ContainerStateRunning
  terminated? 3 *ContainerStateTerminated

ContainerStateRunning
  startedAt? 1 meta.Time

ContainerStateTerminated
  exitCode* 1 int32
  signal? 2 int32
  reason? 3 string
  message? 4 string
  startedAt? 5 meta.Time
  finishedAt? 6 meta.Time
  containerID? 7 string

ContainerStateWaiting
  reason? 1 string
  message? 2 string

ContainerStatus
  name* 1 string
  state? 2 ContainerState
  lastState? 3 ContainerState
  ready* 4 bool
  restartCount* 5 int32
  image* 6 string
  imageID* 7 string
  containerID? 8 string
  started? 9 *bool
  allocatedResources? 10 ResourceList
  resources? 11 *ResourceRequirements
  volumeMounts? 12 []VolumeMountStatus patch=merge/mountPath list=map/mountPath
  user? 13 *ContainerUser
  allocatedResourcesStatus? 14 []ResourceStatus patch=merge/name list=map/name
  stopSignal? 15 *Signal

ContainerUser
  linux? 1 *LinuxContainerUser

DaemonEndpoint
  Port* 1 int32

DownwardAPIProjection
  items? 1 []DownwardAPIVolumeFile list=atomic

DownwardAPIVolumeFile
  path* 1 string
  fieldRef? 2 *ObjectFieldSelector
  resourceFieldRef? 3 *ResourceFieldSelector
  mode? 4 *int32

DownwardAPIVolumeSource
  items? 1 []DownwardAPIVolumeFile list=atomic
  defaultMode? 2 *int32

EmptyDirVolumeSource
  medium? 1 StorageMedium
  sizeLimit? 2 *resource.Quantity

EndpointAddress atomic
  ip* 1 string
  hostname? 3 string
  nodeName? 4 *string
  targetRef? 2 *ObjectReference

EndpointPort atomic
  name? 1 string
  port* 2 int32
  protocol? 3 Protocol
  appProtocol? 4 *string

EndpointSubset
  addresses? 1 []EndpointAddress list=atomic
  notReadyAddresses? 2 []EndpointAddress list=atomic
  ports? 3 []EndpointPort list=atomic

Endpoints
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  subsets? 2 []EndpointSubset list=atomic

EndpointsList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Endpoints

EnvFromSource
  prefix? 1 string
  configMapRef? 2 *ConfigMapEnvSource
  secretRef? 3 *SecretEnvSource

EnvVar
  name* 1 string
  value? 2 string
  valueFrom? 3 *EnvVarSource

EnvVarSource
  fieldRef? 1 *ObjectFieldSelector
  resourceFieldRef? 2 *ResourceFieldSelector
  configMapKeyRef? 3 *ConfigMapKeySelector
  secretKeyRef? 4 *SecretKeySelector
  fileKeyRef? 5 *FileKeySelector

EphemeralContainer
  ...EphemeralContainerCommon 1
  targetContainerName? 2 string

EphemeralContainerCommon
  name? 1 string
  image? 2 string
  command? 3 []string
  args? 4 []string
  workingDir? 5 string
  ports? 6 []ContainerPort
  envFrom? 19 []EnvFromSource
  env? 7 []EnvVar
  resources? 8 ResourceRequirements
  resizePolicy? 23 []ContainerResizePolicy
  restartPolicy? 24 *ContainerRestartPolicy
  restartPolicyRules? 25 []ContainerRestartRule
  volumeMounts? 9 []VolumeMount
  volumeDevices? 21 []VolumeDevice
  livenessProbe? 10 *Probe
  readinessProbe? 11 *Probe
  startupProbe? 22 *Probe
  lifecycle? 12 *Lifecycle
  terminationMessagePath? 13 string
  terminationMessagePolicy? 20 TerminationMessagePolicy
  imagePullPolicy? 14 PullPolicy
  securityContext? 15 *SecurityContext
  stdin? 16 bool
  stdinOnce? 17 bool
  tty? 18 bool

EphemeralVolumeSource
  volumeClaimTemplate? 1 *PersistentVolumeClaimTemplate

Event
  ...meta.TypeMeta
  metadata* 1 meta.ObjectMeta
  involvedObject* 2 ObjectReference
  reason? 3 string
  message? 4 string
  source? 5 EventSource
  firstTimestamp? 6 meta.Time
  lastTimestamp? 7 meta.Time
  count? 8 int32
  type? 9 string
  eventTime? 10 meta.MicroTime
  series? 11 *EventSeries
  action? 12 string
  related? 13 *ObjectReference
  reportingComponent? 14 string
  reportingInstance? 15 string

EventList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Event

EventSeries
  count? 1 int32
  lastObservedTime? 2 meta.MicroTime

EventSource
  component? 1 string
  host? 2 string

ExecAction
  command? 1 []string list=atomic

FCVolumeSource
  targetWWNs? 1 []string list=atomic
  lun? 2 *int32
  fsType? 3 string
  readOnly? 4 bool
  wwids? 5 []string list=atomic

FileKeySelector atomic
  volumeName* 1 string
  path* 2 string
  key* 3 string
  optional? 4 *bool

FlexPersistentVolumeSource
  driver* 1 string
  fsType? 2 string
  secretRef? 3 *SecretReference
  readOnly? 4 bool
  options? 5 map[string]string

FlexVolumeSource
  driver* 1 string
  fsType? 2 string
  secretRef? 3 *LocalObjectReference
  readOnly? 4 bool
  options? 5 map[string]string

FlockerVolumeSource
  datasetName? 1 string
  datasetUUID? 2 string

GCEPersistentDiskVolumeSource
  pdName* 1 string
  fsType? 2 string
  partition? 3 int32
  readOnly? 4 bool

GRPCAction
  port* 1 int32
  service? 2 *string default=

GitRepoVolumeSource
  repository* 1 string
  revision? 2 string
  directory? 3 string

GlusterfsPersistentVolumeSource
  endpoints* 1 string
  path* 2 string
  readOnly? 3 bool
  endpointsNamespace? 4 string

GlusterfsVolumeSource
  endpoints* 1 string
  path* 2 string
  readOnly? 3 bool

HTTPGetAction
  path? 1 string
  port* 2 intstr.IntOrString
  host? 3 string
  scheme? 4 URIScheme
  httpHeaders? 5 []HTTPHeader list=atomic

HTTPHeader
  name* 1 string
  value* 2 string

HostAlias
  ip* 1 string
  hostnames? 2 []string list=atomic

HostIP
  ip* 1 string

HostPathVolumeSource
  path* 1 string
  type? 2 *HostPathType

ISCSIPersistentVolumeSource
  targetPortal* 1 string
  iqn* 2 string
  lun* 3 int32
  iscsiInterface? 4 string
  fsType? 5 string
  readOnly? 6 bool
  portals? 7 []string list=atomic
  chapAuthDiscovery? 8 bool
  chapAuthSession? 11 bool
  secretRef? 10 *SecretReference
  initiatorName? 12 *string

ISCSIVolumeSource
  targetPortal* 1 string
  iqn* 2 string
  lun* 3 int32
  iscsiInterface? 4 string
  fsType? 5 string
  readOnly? 6 bool
  portals? 7 []string list=atomic
  chapAuthDiscovery? 8 bool
  chapAuthSession? 11 bool
  secretRef? 10 *LocalObjectReference
  initiatorName? 12 *string

ImageVolumeSource
  reference? 1 string
  pullPolicy? 2 PullPolicy

ImageVolumeStatus
  imageRef* 1 string

KeyToPath
  key* 1 string
  path* 2 string
  mode? 3 *int32

Lifecycle
  postStart? 1 *LifecycleHandler
  preStop? 2 *LifecycleHandler
  stopSignal? 3 *Signal

LifecycleHandler
  exec? 1 *ExecAction
  httpGet? 2 *HTTPGetAction
  tcpSocket? 3 *TCPSocketAction
  sleep? 4 *SleepAction

LimitRange
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 LimitRangeSpec

LimitRangeItem
  type* 1 LimitType
  max? 2 ResourceList
  min? 3 ResourceList
  default? 4 ResourceList
  defaultRequest? 5 ResourceList
  maxLimitRequestRatio? 6 ResourceList

LimitRangeList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []LimitRange

LimitRangeSpec
  limits* 1 []LimitRangeItem list=atomic

LinuxContainerUser
  uid* 1 int64
  gid* 2 int64
  supplementalGroups? 3 []int64 list=atomic

List
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items? 2 []runtime.RawExtension

LoadBalancerIngress
  ip? 1 string
  hostname? 2 string
  ipMode? 3 *LoadBalancerIPMode
  ports? 4 []PortStatus list=atomic

LoadBalancerStatus
  ingress? 1 []LoadBalancerIngress list=atomic

LocalObjectReference atomic
  name? 1 string

LocalVolumeSource
  path* 1 string
  fsType? 2 *string

ModifyVolumeStatus
  targetVolumeAttributesClassName? 1 string
  status* 2 string

NFSVolumeSource
  server* 1 string
  path* 2 string
  readOnly? 3 bool

Namespace
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 NamespaceSpec
  status? 3 NamespaceStatus

NamespaceCondition
  type* 1 NamespaceConditionType
  status* 2 ConditionStatus
  lastTransitionTime? 4 meta.Time
  reason? 5 string
  message? 6 string

NamespaceList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Namespace

NamespaceSpec
  finalizers? 1 []FinalizerName list=atomic

NamespaceStatus
  phase? 1 NamespacePhase
  conditions? 2 []NamespaceCondition patch=merge/type list=map/type

Node
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 NodeSpec
  status? 3 NodeStatus

NodeAddress
  type* 1 NodeAddressType
  address* 2 string

NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution? 1 *NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution? 2 []PreferredSchedulingTerm list=atomic

NodeAllocatableResourceClaimStatus
  resourceClaimName* 1 string
  containers? 2 []string list=set
  resources? 3 ResourceList

NodeCondition
  type* 1 NodeConditionType
  status* 2 ConditionStatus
  lastHeartbeatTime? 3 meta.Time
  lastTransitionTime? 4 meta.Time
  reason? 5 string
  message? 6 string

NodeConfigSource
  configMap? 2 *ConfigMapNodeConfigSource

NodeConfigStatus
  assigned? 1 *NodeConfigSource
  active? 2 *NodeConfigSource
  lastKnownGood? 3 *NodeConfigSource
  error? 4 string

NodeDaemonEndpoints
  kubeletEndpoint? 1 DaemonEndpoint

NodeFeatures
  supplementalGroupsPolicy? 1 *bool

NodeList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Node

NodeProxyOptions
  ...meta.TypeMeta
  path? 1 string

NodeRuntimeHandler
  name? 1 string
  features? 2 *NodeRuntimeHandlerFeatures

NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts? 1 *bool
  userNamespaces? 2 *bool

NodeSelector atomic
  nodeSelectorTerms* 1 []NodeSelectorTerm list=atomic

NodeSelectorRequirement
  key* 1 string
  operator* 2 NodeSelectorOperator
  values? 3 []string list=atomic

NodeSelectorTerm atomic
  matchExpressions? 1 []NodeSelectorRequirement list=atomic
  matchFields? 2 []NodeSelectorRequirement list=atomic

NodeSpec
  podCIDR? 1 string
  podCIDRs? 7 []string patch=merge list=set
  providerID? 3 string
  unschedulable? 4 bool
  taints? 5 []Taint list=atomic
  configSource? 6 *NodeConfigSource
  externalID? 2 string

NodeStatus
  capacity? 1 ResourceList
  allocatable? 2 ResourceList
  phase? 3 NodePhase
  conditions? 4 []NodeCondition patch=merge/type list=map/type
  addresses? 5 []NodeAddress patch=merge/type list=map/type
  daemonEndpoints? 6 NodeDaemonEndpoints
  nodeInfo? 7 NodeSystemInfo
  images? 8 []ContainerImage list=atomic
  volumesInUse? 9 []UniqueVolumeName list=atomic
  volumesAttached? 10 []AttachedVolume list=atomic
  config? 11 *NodeConfigStatus
  runtimeHandlers? 12 []NodeRuntimeHandler list=atomic
  features? 13 *NodeFeatures
  declaredFeatures? 14 []string list=atomic

NodeSwapStatus
  capacity? 1 *int64

NodeSystemInfo
  machineID* 1 string
  systemUUID* 2 string
  bootID* 3 string
  kernelVersion* 4 string
  osImage* 5 string
  containerRuntimeVersion* 6 string
  kubeletVersion* 7 string
  kubeProxyVersion* 8 string
  operatingSystem* 9 string
  architecture* 10 string
  swap? 11 *NodeSwapStatus

ObjectFieldSelector atomic
  apiVersion? 1 string
  fieldPath* 2 string

ObjectReference atomic
  kind? 1 string
  namespace? 2 string
  name? 3 string
  uid? 4 types.UID
  apiVersion? 5 string
  resourceVersion? 6 string
  fieldPath? 7 string

PersistentVolume
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 PersistentVolumeSpec
  status? 3 PersistentVolumeStatus

PersistentVolumeClaim
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 PersistentVolumeClaimSpec
  status? 3 PersistentVolumeClaimStatus

PersistentVolumeClaimCondition
  type* 1 PersistentVolumeClaimConditionType
  status* 2 ConditionStatus
  lastProbeTime? 3 meta.Time
  lastTransitionTime? 4 meta.Time
  reason? 5 string
  message? 6 string

PersistentVolumeClaimList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []PersistentVolumeClaim

PersistentVolumeClaimSpec
  accessModes? 1 []PersistentVolumeAccessMode list=atomic
  selector? 4 *meta.LabelSelector
  resources? 2 VolumeResourceRequirements
  volumeName? 3 string
  storageClassName? 5 *string
  volumeMode? 6 *PersistentVolumeMode
  dataSource? 7 *TypedLocalObjectReference
  dataSourceRef? 8 *TypedObjectReference
  volumeAttributesClassName? 9 *string

PersistentVolumeClaimStatus
  phase? 1 PersistentVolumeClaimPhase
  accessModes? 2 []PersistentVolumeAccessMode list=atomic
  capacity? 3 ResourceList
  conditions? 4 []PersistentVolumeClaimCondition patch=merge/type list=map/type
  allocatedResources? 5 ResourceList
  allocatedResourceStatuses? 7 map[string]string map=granular
  currentVolumeAttributesClassName? 8 *string
  modifyVolumeStatus? 9 *ModifyVolumeStatus

PersistentVolumeClaimTemplate
  metadata? 1 meta.ObjectMeta
  spec* 2 PersistentVolumeClaimSpec

PersistentVolumeClaimVolumeSource
  claimName* 1 string
  readOnly? 2 bool

PersistentVolumeList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []PersistentVolume

PersistentVolumeSource
  gcePersistentDisk? 1 *GCEPersistentDiskVolumeSource
  awsElasticBlockStore? 2 *AWSElasticBlockStoreVolumeSource
  hostPath? 3 *HostPathVolumeSource
  glusterfs? 4 *GlusterfsPersistentVolumeSource
  nfs? 5 *NFSVolumeSource
  rbd? 6 *RBDPersistentVolumeSource
  iscsi? 7 *ISCSIPersistentVolumeSource
  cinder? 8 *CinderPersistentVolumeSource
  cephfs? 9 *CephFSPersistentVolumeSource
  fc? 10 *FCVolumeSource
  flocker? 11 *FlockerVolumeSource
  flexVolume? 12 *FlexPersistentVolumeSource
  azureFile? 13 *AzureFilePersistentVolumeSource
  vsphereVolume? 14 *VsphereVirtualDiskVolumeSource
  quobyte? 15 *QuobyteVolumeSource
  azureDisk? 16 *AzureDiskVolumeSource
  photonPersistentDisk? 17 *PhotonPersistentDiskVolumeSource
  portworxVolume? 18 *PortworxVolumeSource
  scaleIO? 19 *ScaleIOPersistentVolumeSource
  local? 20 *LocalVolumeSource
  storageos? 21 *StorageOSPersistentVolumeSource
  csi? 22 *CSIPersistentVolumeSource

PersistentVolumeSpec
  capacity? 1 ResourceList
  ...PersistentVolumeSource 2
  accessModes? 3 []PersistentVolumeAccessMode list=atomic
  claimRef? 4 *ObjectReference map=granular
  persistentVolumeReclaimPolicy? 5 PersistentVolumeReclaimPolicy
  storageClassName? 6 string
  mountOptions? 7 []string list=atomic
  volumeMode? 8 *PersistentVolumeMode
  nodeAffinity? 9 *VolumeNodeAffinity
  volumeAttributesClassName? 10 *string

PersistentVolumeStatus
  phase? 1 PersistentVolumePhase
  message? 2 string
  reason? 3 string
  lastPhaseTransitionTime? 4 *meta.Time

PhotonPersistentDiskVolumeSource
  pdID* 1 string
  fsType? 2 string

Pod
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 PodSpec
  status? 3 PodStatus

PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution? 1 []PodAffinityTerm list=atomic
  preferredDuringSchedulingIgnoredDuringExecution? 2 []WeightedPodAffinityTerm list=atomic

PodAffinityTerm
  labelSelector? 1 *meta.LabelSelector
  namespaces? 2 []string list=atomic
  topologyKey* 3 string
  namespaceSelector? 4 *meta.LabelSelector
  matchLabelKeys? 5 []string list=atomic
  mismatchLabelKeys? 6 []string list=atomic

PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution? 1 []PodAffinityTerm list=atomic
  preferredDuringSchedulingIgnoredDuringExecution? 2 []WeightedPodAffinityTerm list=atomic

PodAttachOptions
  ...meta.TypeMeta
  stdin? 1 bool
  stdout? 2 bool
  stderr? 3 bool
  tty? 4 bool
  container? 5 string

PodCertificateProjection
  signerName* 1 string
  keyType* 2 string
  maxExpirationSeconds? 3 *int32
  credentialBundlePath? 4 string
  keyPath? 5 string
  certificateChainPath? 6 string
  userAnnotations? 7 map[string]string

PodCondition
  type* 1 PodConditionType
  observedGeneration? 7 int64
  status* 2 ConditionStatus
  lastProbeTime? 3 meta.Time
  lastTransitionTime? 4 meta.Time
  reason? 5 string
  message? 6 string

PodDNSConfig
  nameservers? 1 []string list=atomic
  searches? 2 []string list=atomic
  options? 3 []PodDNSConfigOption list=atomic

PodDNSConfigOption
  name? 1 string
  value? 2 *string

PodExecOptions
  ...meta.TypeMeta
  stdin? 1 bool
  stdout? 2 bool
  stderr? 3 bool
  tty? 4 bool
  container? 5 string
  command? 6 []string

PodExtendedResourceClaimStatus
  requestMappings* 1 []ContainerExtendedResourceRequest list=atomic
  resourceClaimName* 2 string

PodIP
  ip* 1 string

PodList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Pod

PodLogOptions
  ...meta.TypeMeta
  container? 1 string
  follow? 2 bool
  previous? 3 bool
  sinceSeconds? 4 *int64
  sinceTime? 5 *meta.Time
  timestamps? 6 bool
  tailLines? 7 *int64
  limitBytes? 8 *int64
  insecureSkipTLSVerifyBackend? 9 bool
  stream? 10 *string

PodOS
  name* 1 OSName

PodPortForwardOptions
  ...meta.TypeMeta
  ports? 1 []int32

PodProxyOptions
  ...meta.TypeMeta
  path? 1 string

PodReadinessGate
  conditionType* 1 PodConditionType

PodResourceClaim
  name* 1 string
  resourceClaimName? 3 *string
  resourceClaimTemplateName? 4 *string

PodResourceClaimStatus
  name* 1 string
  resourceClaimName? 2 *string

PodSchedulingGate
  name* 1 string

PodSchedulingGroup
  podGroupName? 1 string

PodSecurityContext
  seLinuxOptions? 1 *SELinuxOptions
  windowsOptions? 8 *WindowsSecurityContextOptions
  runAsUser? 2 *int64
  runAsGroup? 6 *int64
  runAsNonRoot? 3 *bool
  supplementalGroups? 4 []int64 list=atomic
  supplementalGroupsPolicy? 12 *SupplementalGroupsPolicy
  fsGroup? 5 *int64
  sysctls? 7 []Sysctl list=atomic
  fsGroupChangePolicy? 9 *PodFSGroupChangePolicy
  seccompProfile? 10 *SeccompProfile
  appArmorProfile? 11 *AppArmorProfile
  seLinuxChangePolicy? 13 *PodSELinuxChangePolicy

PodSpec
  volumes? 1 []Volume patch=merge,retainKeys/name list=map/name
  initContainers? 20 []Container patch=merge/name list=map/name
  containers* 2 []Container patch=merge/name list=map/name
  ephemeralContainers? 34 []EphemeralContainer patch=merge/name list=map/name
  restartPolicy? 3 RestartPolicy
  terminationGracePeriodSeconds? 4 *int64
  activeDeadlineSeconds? 5 *int64
  dnsPolicy? 6 DNSPolicy
  nodeSelector? 7 map[string]string map=atomic
  serviceAccountName? 8 string
  serviceAccount? 9 string
  automountServiceAccountToken? 21 *bool
  nodeName? 10 string
  hostNetwork? 11 bool
  hostPID? 12 bool
  hostIPC? 13 bool
  shareProcessNamespace? 27 *bool
  securityContext? 14 *PodSecurityContext
  imagePullSecrets? 15 []LocalObjectReference patch=merge/name list=map/name
  hostname? 16 string
  subdomain? 17 string
  affinity? 18 *Affinity
  schedulerName? 19 string
  tolerations? 22 []Toleration list=atomic
  hostAliases? 23 []HostAlias patch=merge/ip list=map/ip
  priorityClassName? 24 string
  priority? 25 *int32
  dnsConfig? 26 *PodDNSConfig
  readinessGates? 28 []PodReadinessGate list=atomic
  runtimeClassName? 29 *string
  enableServiceLinks? 30 *bool
  preemptionPolicy? 31 *PreemptionPolicy
  overhead? 32 ResourceList
  topologySpreadConstraints? 33 []TopologySpreadConstraint patch=merge/topologyKey list=map/topologyKey,whenUnsatisfiable
  setHostnameAsFQDN? 35 *bool
  os? 36 *PodOS
  hostUsers? 37 *bool
  schedulingGates? 38 []PodSchedulingGate patch=merge/name list=map/name
  resourceClaims? 39 []PodResourceClaim patch=merge,retainKeys/name list=map/name
  resources? 40 *ResourceRequirements
  hostnameOverride? 41 *string
  schedulingGroup? 43 *PodSchedulingGroup

PodStatus
  observedGeneration? 17 int64
  phase? 1 PodPhase
  conditions? 2 []PodCondition patch=merge/type list=map/type
  message? 3 string
  reason? 4 string
  nominatedNodeName? 11 string
  hostIP? 5 string
  hostIPs? 16 []HostIP patch=merge/ip list=atomic
  podIP? 6 string
  podIPs? 12 []PodIP patch=merge/ip list=map/ip
  startTime? 7 *meta.Time
  initContainerStatuses? 10 []ContainerStatus list=atomic
  containerStatuses? 8 []ContainerStatus list=atomic
  qosClass? 9 PodQOSClass
  ephemeralContainerStatuses? 13 []ContainerStatus list=atomic
  resize? 14 string
  resourceClaimStatuses? 15 []PodResourceClaimStatus patch=merge,retainKeys/name list=map/name
  extendedResourceClaimStatus? 18 *PodExtendedResourceClaimStatus
  allocatedResources? 19 ResourceList
  resources? 20 *ResourceRequirements
  nodeAllocatableResourceClaimStatuses? 21 []NodeAllocatableResourceClaimStatus list=atomic

PodTemplate
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  template? 2 PodTemplateSpec

PodTemplateList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []PodTemplate

PodTemplateSpec
  metadata? 1 meta.ObjectMeta
  spec? 2 PodSpec

PortStatus
  port* 1 int32
  protocol* 2 Protocol
  error? 3 *string

PortworxVolumeSource
  volumeID* 1 string
  fsType? 2 string
  readOnly? 3 bool

Preconditions
  uid? 1 string

PreferredSchedulingTerm
  weight* 1 int32
  preference* 2 NodeSelectorTerm

Probe
  ...ProbeHandler 1
  initialDelaySeconds? 2 int32
  timeoutSeconds? 3 int32
  periodSeconds? 4 int32
  successThreshold? 5 int32
  failureThreshold? 6 int32
  terminationGracePeriodSeconds? 7 *int64

ProbeHandler
  exec? 1 *ExecAction
  httpGet? 2 *HTTPGetAction
  tcpSocket? 3 *TCPSocketAction
  grpc? 4 *GRPCAction

ProjectedVolumeSource
  sources? 1 []VolumeProjection list=atomic
  defaultMode? 2 *int32

QuobyteVolumeSource
  registry* 1 string
  volume* 2 string
  readOnly? 3 bool
  user? 4 string
  group? 5 string
  tenant? 6 string

RBDPersistentVolumeSource
  monitors* 1 []string list=atomic
  image* 2 string
  fsType? 3 string
  pool? 4 string
  user? 5 string
  keyring? 6 string
  secretRef? 7 *SecretReference
  readOnly? 8 bool

RBDVolumeSource
  monitors* 1 []string list=atomic
  image* 2 string
  fsType? 3 string
  pool? 4 string
  user? 5 string
  keyring? 6 string
  secretRef? 7 *LocalObjectReference
  readOnly? 8 bool

RangeAllocation
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  range? 2 string
  data? 3 bytes

ReplicationController
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 ReplicationControllerSpec
  status? 3 ReplicationControllerStatus

ReplicationControllerCondition
  type* 1 ReplicationControllerConditionType
  status* 2 ConditionStatus
  lastTransitionTime? 3 meta.Time
  reason? 4 string
  message? 5 string

ReplicationControllerList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ReplicationController

ReplicationControllerSpec
  replicas? 1 *int32
  minReadySeconds? 4 int32
  selector? 2 map[string]string map=atomic
  template? 3 *PodTemplateSpec

ReplicationControllerStatus
  replicas* 1 int32
  fullyLabeledReplicas? 2 int32
  readyReplicas? 4 int32
  availableReplicas? 5 int32
  observedGeneration? 3 int64
  conditions? 6 []ReplicationControllerCondition patch=merge/type list=map/type

ResourceClaim
  name* 1 string
  request? 2 string

ResourceFieldSelector atomic
  containerName? 1 string
  resource* 2 string
  divisor? 3 resource.Quantity

ResourceHealth
  resourceID* 1 string
  health? 2 string
  message? 6 string

ResourceQuota
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 ResourceQuotaSpec
  status? 3 ResourceQuotaStatus

ResourceQuotaList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ResourceQuota

ResourceQuotaSpec
  hard? 1 ResourceList
  scopes? 2 []ResourceQuotaScope list=atomic
  scopeSelector? 3 *ScopeSelector

ResourceQuotaStatus
  hard? 1 ResourceList
  used? 2 ResourceList

ResourceRequirements
  limits? 1 ResourceList
  requests? 2 ResourceList
  claims? 3 []ResourceClaim list=map/name

ResourceStatus
  name* 1 string
  resources? 2 []ResourceHealth list=map/resourceID

SELinuxOptions
  user? 1 string
  role? 2 string
  type? 3 string
  level? 4 string

ScaleIOPersistentVolumeSource
  gateway* 1 string
  system* 2 string
  secretRef* 3 *SecretReference
  sslEnabled? 4 bool
  protectionDomain? 5 string
  storagePool? 6 string
  storageMode? 7 string
  volumeName? 8 string
  fsType? 9 string
  readOnly? 10 bool

ScaleIOVolumeSource
  gateway* 1 string
  system* 2 string
  secretRef* 3 *LocalObjectReference
  sslEnabled? 4 bool
  protectionDomain? 5 string
  storagePool? 6 string
  storageMode? 7 string
  volumeName? 8 string
  fsType? 9 string
  readOnly? 10 bool

ScopeSelector atomic
  matchExpressions? 1 []ScopedResourceSelectorRequirement list=atomic

ScopedResourceSelectorRequirement
  scopeName* 1 ResourceQuotaScope
  operator* 2 ScopeSelectorOperator
  values? 3 []string list=atomic

SeccompProfile
  type* 1 SeccompProfileType
  localhostProfile? 2 *string

Secret
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  immutable? 5 *bool
  data? 2 map[string]bytes
  stringData? 4 map[string]string
  type? 3 SecretType

SecretEnvSource
  ...LocalObjectReference 1
  optional? 2 *bool

SecretKeySelector atomic
  ...LocalObjectReference 1
  key* 2 string
  optional? 3 *bool

SecretList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Secret

SecretProjection
  ...LocalObjectReference 1
  items? 2 []KeyToPath list=atomic
  optional? 4 *bool

SecretReference atomic
  name? 1 string
  namespace? 2 string

SecretVolumeSource
  secretName? 1 string
  items? 2 []KeyToPath list=atomic
  defaultMode? 3 *int32
  optional? 4 *bool

SecurityContext
  capabilities? 1 *Capabilities
  privileged? 2 *bool
  seLinuxOptions? 3 *SELinuxOptions
  windowsOptions? 10 *WindowsSecurityContextOptions
  runAsUser? 4 *int64
  runAsGroup? 8 *int64
  runAsNonRoot? 5 *bool
  readOnlyRootFilesystem? 6 *bool
  allowPrivilegeEscalation? 7 *bool
  procMount? 9 *ProcMountType
  seccompProfile? 11 *SeccompProfile
  appArmorProfile? 12 *AppArmorProfile

SerializedReference
  ...meta.TypeMeta
  reference? 1 ObjectReference

Service
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 ServiceSpec
  status? 3 ServiceStatus

ServiceAccount
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  secrets? 2 []ObjectReference patch=merge/name list=map/name
  imagePullSecrets? 3 []LocalObjectReference list=atomic
  automountServiceAccountToken? 4 *bool

ServiceAccountList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ServiceAccount

ServiceAccountTokenProjection
  audience? 1 string
  expirationSeconds? 2 *int64
  path* 3 string

ServiceList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Service

ServicePort
  name? 1 string
  protocol? 2 Protocol default=TCP
  appProtocol? 6 *string
  port* 3 int32
  targetPort? 4 intstr.IntOrString
  nodePort? 5 int32

ServiceProxyOptions
  ...meta.TypeMeta
  path? 1 string

ServiceSpec
  ports? 1 []ServicePort patch=merge/port list=map/port,protocol
  selector? 2 map[string]string map=atomic
  clusterIP? 3 string
  clusterIPs? 18 []string list=atomic
  type? 4 ServiceType
  externalIPs? 5 []string list=atomic
  sessionAffinity? 7 ServiceAffinity
  loadBalancerIP? 8 string
  loadBalancerSourceRanges? 9 []string list=atomic
  externalName? 10 string
  externalTrafficPolicy? 11 ServiceExternalTrafficPolicy
  healthCheckNodePort? 12 int32
  publishNotReadyAddresses? 13 bool
  sessionAffinityConfig? 14 *SessionAffinityConfig
  ipFamilies? 19 []IPFamily list=atomic
  ipFamilyPolicy? 17 *IPFamilyPolicy
  allocateLoadBalancerNodePorts? 20 *bool
  loadBalancerClass? 21 *string
  internalTrafficPolicy? 22 *ServiceInternalTrafficPolicy
  trafficDistribution? 23 *string

ServiceStatus
  loadBalancer? 1 LoadBalancerStatus
  conditions? 2 []meta.Condition patch=merge/type list=map/type

SessionAffinityConfig
  clientIP? 1 *ClientIPConfig

SleepAction
  seconds* 1 int64

StorageOSPersistentVolumeSource
  volumeName? 1 string
  volumeNamespace? 2 string
  fsType? 3 string
  readOnly? 4 bool
  secretRef? 5 *ObjectReference

StorageOSVolumeSource
  volumeName? 1 string
  volumeNamespace? 2 string
  fsType? 3 string
  readOnly? 4 bool
  secretRef? 5 *LocalObjectReference

Sysctl
  name* 1 string
  value* 2 string

TCPSocketAction
  port* 1 intstr.IntOrString
  host? 2 string

Taint
  key* 1 string
  value? 2 string
  effect* 3 TaintEffect
  timeAdded? 4 *meta.Time

Toleration
  key? 1 string
  operator? 2 TolerationOperator
  value? 3 string
  effect? 4 TaintEffect
  tolerationSeconds? 5 *int64

TopologySelectorLabelRequirement
  key* 1 string
  values* 2 []string list=atomic

TopologySelectorTerm atomic
  matchLabelExpressions? 1 []TopologySelectorLabelRequirement list=atomic

TopologySpreadConstraint
  maxSkew* 1 int32
  topologyKey* 2 string
  whenUnsatisfiable* 3 UnsatisfiableConstraintAction
  labelSelector? 4 *meta.LabelSelector
  minDomains? 5 *int32
  nodeAffinityPolicy? 6 *NodeInclusionPolicy
  nodeTaintsPolicy? 7 *NodeInclusionPolicy
  matchLabelKeys? 8 []string list=atomic

TypedLocalObjectReference atomic
  apiGroup? 1 *string
  kind* 2 string
  name* 3 string

TypedObjectReference
  apiGroup? 1 *string
  kind* 2 string
  name* 3 string
  namespace? 4 *string

Volume
  name* 1 string
  ...VolumeSource 2

VolumeDevice
  name* 1 string
  devicePath* 2 string

VolumeMount
  name* 1 string
  readOnly? 2 bool
  recursiveReadOnly? 7 *RecursiveReadOnlyMode
  mountPath* 3 string
  subPath? 4 string
  mountPropagation? 5 *MountPropagationMode
  subPathExpr? 6 string

VolumeMountStatus
  name* 1 string
  mountPath* 2 string
  readOnly? 3 bool
  recursiveReadOnly? 4 *RecursiveReadOnlyMode
  volumeStatus? 5 *VolumeStatus

VolumeNodeAffinity
  required? 1 *NodeSelector

VolumeProjection
  secret? 1 *SecretProjection
  downwardAPI? 2 *DownwardAPIProjection
  configMap? 3 *ConfigMapProjection
  serviceAccountToken? 4 *ServiceAccountTokenProjection
  clusterTrustBundle? 5 *ClusterTrustBundleProjection
  podCertificate? 6 *PodCertificateProjection

VolumeResourceRequirements
  limits? 1 ResourceList
  requests? 2 ResourceList

VolumeSource
  hostPath? 1 *HostPathVolumeSource
  emptyDir? 2 *EmptyDirVolumeSource
  gcePersistentDisk? 3 *GCEPersistentDiskVolumeSource
  awsElasticBlockStore? 4 *AWSElasticBlockStoreVolumeSource
  gitRepo? 5 *GitRepoVolumeSource
  secret? 6 *SecretVolumeSource
  nfs? 7 *NFSVolumeSource
  iscsi? 8 *ISCSIVolumeSource
  glusterfs? 9 *GlusterfsVolumeSource
  persistentVolumeClaim? 10 *PersistentVolumeClaimVolumeSource
  rbd? 11 *RBDVolumeSource
  flexVolume? 12 *FlexVolumeSource
  cinder? 13 *CinderVolumeSource
  cephfs? 14 *CephFSVolumeSource
  flocker? 15 *FlockerVolumeSource
  downwardAPI? 16 *DownwardAPIVolumeSource
  fc? 17 *FCVolumeSource
  azureFile? 18 *AzureFileVolumeSource
  configMap? 19 *ConfigMapVolumeSource
  vsphereVolume? 20 *VsphereVirtualDiskVolumeSource
  quobyte? 21 *QuobyteVolumeSource
  azureDisk? 22 *AzureDiskVolumeSource
  photonPersistentDisk? 23 *PhotonPersistentDiskVolumeSource
  projected? 26 *ProjectedVolumeSource
  portworxVolume? 24 *PortworxVolumeSource
  scaleIO? 25 *ScaleIOVolumeSource
  storageos? 27 *StorageOSVolumeSource
  csi? 28 *CSIVolumeSource
  ephemeral? 29 *EphemeralVolumeSource
  image? 30 *ImageVolumeSource

VolumeStatus
  image? 1 *ImageVolumeStatus

VsphereVirtualDiskVolumeSource
  volumePath* 1 string
  fsType? 2 string
  storagePolicyName? 3 string
  storagePolicyID? 4 string

WeightedPodAffinityTerm
  weight* 1 int32
  podAffinityTerm* 2 PodAffinityTerm

WindowsSecurityContextOptions
  gmsaCredentialSpecName? 1 *string
  gmsaCredentialSpec? 2 *string
  runAsUserName? 3 *string
  hostProcess? 4 *bool
`;
