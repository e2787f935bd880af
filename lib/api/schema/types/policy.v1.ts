/** The types of `api.policy.v1`; `../table.ts` says how to read this. */
export const policyV1 = `
UnhealthyPodEvictionPolicyType = string AlwaysAllow|IfHealthyBudget

Eviction
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  deleteOptions? 2 *meta.DeleteOptions

PodDisruptionBudget
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 PodDisruptionBudgetSpec
  status? 3 PodDisruptionBudgetStatus

PodDisruptionBudgetList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []PodDisruptionBudget

PodDisruptionBudgetSpec
  minAvailable? 1 *intstr.IntOrString
  selector? 2 *meta.LabelSelector patch=replace
  maxUnavailable? 3 *intstr.IntOrString
  unhealthyPodEvictionPolicy? 4 *UnhealthyPodEvictionPolicyType

PodDisruptionBudgetStatus
  observedGeneration? 1 int64
  disruptedPods? 2 map[string]meta.Time
  disruptionsAllowed? 3 int32
  currentHealthy? 4 int32
  desiredHealthy? 5 int32
  expectedPods? 6 int32
  conditions? 7 []meta.Condition patch=merge/type list=map/type
`;
