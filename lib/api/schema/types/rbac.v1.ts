/** The types of `api.rbac.v1`; `../table.ts` says how to read this. */
export const rbacV1 = `
AggregationRule
  clusterRoleSelectors? 1 []meta.LabelSelector list=atomic

ClusterRole
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  rules? 2 []PolicyRule list=atomic
  aggregationRule? 3 *AggregationRule

ClusterRoleBinding
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  subjects? 2 []Subject list=atomic
  roleRef* 3 RoleRef

ClusterRoleBindingList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ClusterRoleBinding

ClusterRoleList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []ClusterRole

PolicyRule
  verbs* 1 []string list=atomic
  apiGroups? 2 []string list=atomic
  resources? 3 []string list=atomic
  resourceNames? 4 []string list=atomic
  nonResourceURLs? 5 []string list=atomic

Role
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  rules? 2 []PolicyRule list=atomic

RoleBinding
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  subjects? 2 []Subject list=atomic
  roleRef* 3 RoleRef

RoleBindingList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []RoleBinding

RoleList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Role

RoleRef atomic
  apiGroup? 1 string
  kind* 2 string
  name* 3 string

Subject atomic
  kind* 1 string
  apiGroup? 2 string
  name* 3 string
  namespace? 4 string
`;
