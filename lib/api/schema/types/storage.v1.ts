/** The types of `api.storage.v1`; `../table.ts` says how to read this. */
export const storageV1 = `
VolumeBindingMode = string Immediate|WaitForFirstConsumer
FSGroupPolicy = string
VolumeLifecycleMode = string

CSIDriver
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec* 2 CSIDriverSpec

CSIDriverList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []CSIDriver

CSIDriverSpec
  attachRequired? 1 *bool
  podInfoOnMount? 2 *bool
  volumeLifecycleModes? 3 []VolumeLifecycleMode list=set
  storageCapacity? 4 *bool
  fsGroupPolicy? 5 *FSGroupPolicy
  tokenRequests? 6 []TokenRequest list=atomic
  requiresRepublish? 7 *bool
  seLinuxMount? 8 *bool
  nodeAllocatableUpdatePeriodSeconds? 9 *int64
  serviceAccountTokenInSecrets? 10 *bool
  preventPodSchedulingIfMissing? 11 *bool

CSINode
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec* 2 CSINodeSpec

CSINodeDriver
  name* 1 string
  nodeID* 2 string
  topologyKeys? 3 []string list=atomic
  allocatable? 4 *VolumeNodeResources

CSINodeList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []CSINode

CSINodeSpec
  drivers* 1 []CSINodeDriver patch=merge/name list=map/name

CSIStorageCapacity
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  nodeTopology? 2 *meta.LabelSelector
  storageClassName* 3 string
  capacity? 4 *resource.Quantity
  maximumVolumeSize? 5 *resource.Quantity

CSIStorageCapacityList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []CSIStorageCapacity

StorageClass
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  provisioner* 2 string
  parameters? 3 map[string]string
  reclaimPolicy? 4 *core.PersistentVolumeReclaimPolicy
  mountOptions? 5 []string list=atomic
  allowVolumeExpansion? 6 *bool
  volumeBindingMode? 7 *VolumeBindingMode
  allowedTopologies? 8 []core.TopologySelectorTerm list=atomic

StorageClassList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []StorageClass

TokenRequest
  audience* 1 string
  expirationSeconds? 2 *int64

VolumeAttachment
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec* 2 VolumeAttachmentSpec
  status? 3 VolumeAttachmentStatus

VolumeAttachmentList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []VolumeAttachment

VolumeAttachmentSource
  persistentVolumeName? 1 *string
  inlineVolumeSpec? 2 *core.PersistentVolumeSpec

VolumeAttachmentSpec
  attacher* 1 string
  source* 2 VolumeAttachmentSource
  nodeName* 3 string

VolumeAttachmentStatus
  attached* 1 bool
  attachmentMetadata? 2 map[string]string
  attachError? 3 *VolumeError
  detachError? 4 *VolumeError

VolumeAttributesClass
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  driverName* 2 string
  parameters? 3 map[string]string

VolumeAttributesClassList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []VolumeAttributesClass

VolumeError
  time? 1 meta.Time
  message? 2 string
  errorCode? 3 *int32

VolumeNodeResources
  count? 1 *int32
`;
