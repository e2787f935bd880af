/**
 * What a pod is when its author says nothing, in pods and in templates of pods.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go
 */
import { parseQuantity } from '../quantity.js';
import type { Container, Pod, PodSpec, PodTemplateSpec, Probe, Volume } from '../types.js';

/** 0644, as every file that a volume is made of. */
const fileMode = 0o644;
const secondsPerHour = 3600;

type Amounts = Record<string, string>;

/** Everything that a template's spec gets too. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The older name and the newer one are the same field.
  if (spec.serviceAccountName || spec.serviceAccount) {
    spec.serviceAccountName ||= spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
  }
  spec.volumes?.forEach(defaultVolume);
  spec.containers?.forEach(defaultContainer);
  spec.initContainers?.forEach(defaultContainer);
  spec.ephemeralContainers?.forEach((each) => defaultContainer(each as Container));
  if (spec.hostNetwork) {
    spec.containers?.forEach(defaultHostPorts);
    spec.initContainers?.forEach(defaultHostPorts);
  }
  if (spec.overhead) roundUp(spec.overhead);
}

/** A template's `metadata` is always there, and its spec. */
export function defaultPodTemplate(template: PodTemplateSpec): void {
  template.metadata ??= {};
  template.spec ??= {} as PodSpec;
  defaultPodSpec(template.spec);
}

/** What only pods get, since a change of a template's defaults would roll out everywhere. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= {} as Pod['spec'];
  pod.status ??= {};
  defaultPodSpec(pod.spec);
  pod.spec.containers?.forEach(requestLimits);
  pod.spec.initContainers?.forEach(requestLimits);
  pod.spec.enableServiceLinks ??= true;
  // Once legal, and never meant: as short as can be.
  if (pod.spec.terminationGracePeriodSeconds! < 0) pod.spec.terminationGracePeriodSeconds = 1;
  defaultStatusIPs(pod);
}

/** `podIP` and the first of `podIPs` are one; whoever gives only one means both, and the single one wins. */
function defaultStatusIPs({ status }: Pod): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip;
}

/** Who states a limit and no request asks for the limit. */
function requestLimits({ resources }: Container): void {
  if (!resources?.limits) return;
  const requests = (resources.requests ??= {});
  for (const name in resources.limits) requests[name] ??= resources.limits[name]!;
}

function defaultContainer(container: Container): void {
  container.imagePullPolicy ||= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  if (container.resources.limits) roundUp(container.resources.limits);
  if (container.resources.requests) roundUp(container.resources.requests);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
    // Zero is "not said": one.
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0';
  }
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[kind]) defaultProbe(container[kind]);
  }
  const { postStart, preStop } = container.lifecycle ?? {};
  if (postStart?.httpGet) defaultHttpGet(postStart.httpGet);
  if (preStop?.httpGet) defaultHttpGet(preStop.httpGet);
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(get: { path?: string; scheme?: string }): void {
  get.path ||= '/';
  get.scheme ||= 'HTTP';
}

/** On the host's network a container's port is the host's. */
function defaultHostPorts({ ports = [] }: Container): void {
  for (const port of ports) port.hostPort ||= port.containerPort;
}

function defaultVolume(volume: Volume): void {
  let sources = 0;
  for (const field in volume) if (field !== 'name') sources++;
  if (sources === 0) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap) volume.configMap.defaultMode ??= fileMode;
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= fileMode;
    volume.downwardAPI.items?.forEach(defaultDownwardFile);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= fileMode;
    for (const { downwardAPI, serviceAccountToken } of volume.projected.sources ?? []) {
      downwardAPI?.items?.forEach(defaultDownwardFile);
      if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= secondsPerHour;
    }
  }
}

function defaultDownwardFile({
  fieldRef,
  resourceFieldRef,
}: {
  fieldRef?: { apiVersion?: string };
  resourceFieldRef?: { divisor?: string };
}): void {
  if (fieldRef) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef) resourceFieldRef.divisor ??= '0';
}

/** Nothing finer than a thousandth is kept, and each amount is written in its canonical form. */
export function roundUp(amounts: Amounts): void {
  for (const name in amounts) amounts[name] = parseQuantity(amounts[name]!).roundUp(-3).toString();
}

const reference =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][-a-zA-Z0-9]*[a-zA-Z0-9])(?:\.[-a-zA-Z0-9]+)*(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::([A-Za-z0-9_][-A-Za-z0-9_.]{0,127}))?(@[A-Za-z0-9]+:[0-9a-fA-F]{32,})?$/;

/** Without a tag and a digest, `latest` is meant. What is no image's name is left for validation and the kubelet. */
function isLatest(image: string): boolean {
  const match = reference.exec(image);
  return match !== null && (match[1] === undefined ? match[2] === undefined : match[1] === 'latest');
}
