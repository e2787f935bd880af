/**
 * The shim: the one process between the kubelet and a container's program. It outlives the kubelet, so that the program
 * runs on, and its exit code is known, when the kubelet is restarted or killed.
 *
 * It is a shell script, because every host has a shell and a shell that waits takes less than a megabyte. Session leader
 * and head of the process group of all that the program starts, it
 *   1. gives the program a view of the file system of its own (root on Linux): an overlay over the host's, in which the
 *      volumes are bound where the pod wants them and whose changes die with it;
 *   2. runs the program, and waits;
 *   3. writes the exit code into `exit`, and kills whatever is left of the group.
 *
 * Its folder is its working directory:
 * ```
 * config.json  what was asked for             stdout, stderr  what the program wrote, as it wrote it
 * shim.json    the shim's process             times           when (see log.ts)
 * pid          the program's process          exit            its exit code, once it has one
 * mounts       source, target, ro or rw       stdin           a pipe, if the container has one
 * ```
 */

/** `sh -c shimScript shim <mode> <user> <workingDir> <command…>`; mode is `overlay` or `plain`, user `uid:gid` or `-`. */
export const shimScript = `
set -e
mode=$1 user=$2 dir=$3
shift 3
if [ "$mode" = overlay ]; then
  mkdir -p layer root
  mount -t tmpfs -o mode=755 kubebook layer
  mkdir layer/upper layer/work
  mount -t overlay -o "lowerdir=/,upperdir=$PWD/layer/upper,workdir=$PWD/layer/work" kubebook root
  mount --rbind /proc root/proc
  mount --rbind /sys root/sys
  mount -t tmpfs -o mode=755 kubebook root/dev
  mkdir root/dev/pts root/dev/shm
  for device in null zero full random urandom tty; do
    : > root/dev/$device
    mount --bind /dev/$device root/dev/$device
  done
  mount --rbind /dev/pts root/dev/pts
  mount -t tmpfs -o mode=1777 kubebook root/dev/shm
  mount -t tmpfs -o mode=1777 kubebook root/tmp
  ln -s pts/ptmx root/dev/ptmx
  ln -s /proc/self/fd root/dev/fd
  for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/\${n%:*}" "root/dev/\${n#*:}"; done
  # Names are looked up from inside: a link such as /var/run -> /run must lead into the container, not to the host.
  folder() { chroot root /bin/sh -c 'mkdir -p "$1" && cd "$1" && pwd -P' - "$1"; }
  tab=$(printf '\\t')
  while IFS=$tab read -r source target access; do
    if [ -d "$source" ]; then place=root$(folder "$target"); else
      place=root$(folder "$(dirname "$target")")/$(basename "$target")
      [ ! -L "$place" ] || rm "$place"
      [ -e "$place" ] || : > "$place"
    fi
    mount --rbind "$source" "$place"
    [ "$access" = rw ] || mount -o remount,bind,ro "$place"
  done < mounts
  folder "$dir" > /dev/null
  [ -z "$KUBEBOOK_HOSTNAME" ] || echo "$KUBEBOOK_HOSTNAME" > /proc/sys/kernel/hostname
  [ -z "$KUBEBOOK_READ_ONLY" ] || mount -o remount,ro root
fi
unset KUBEBOOK_HOSTNAME KUBEBOOK_READ_ONLY
set +e
# A line in the pipe tells the parent that the program begins; a pipe that closes without one, that it cannot.
run='cd "$1" || exit 126; shift; echo $$ >&8; echo ready >&3; exec 3>&- 8>&-; exec "$@"'
[ "$user" = - ] || run='cd "$1" || exit 126; shift; echo $$ >&8; echo ready >&3; exec 3>&- 8>&-; exec setpriv --reuid "\${0%:*}" --regid "\${0#*:}" --clear-groups -- "$@"'
trap : TERM INT HUP QUIT USR1 USR2
exec 8> pid
if [ "$mode" = overlay ]; then chroot root /bin/sh -c "$run" "$user" "$dir" "$@"
else /bin/sh -c "$run" "$user" "$dir" "$@"
fi
code=$?
exec 8>&-
echo "$code" > exit.new
mv exit.new exit
kill -KILL 0
`;

/** Whether this host lets us do what `overlay` mode does: to be run like the shim, it exits with 0 if so. */
export const overlayProbe = `
set -e
mount -t tmpfs kubebook "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" kubebook "$1/root"
mkdir "$1/root/kubebook-probe"
`;

/** Runs in a mount namespace and with a host name of its own, of which nothing is seen outside. */
export const unshare = ['unshare', '--mount', '--uts', '--propagation', 'private'] as const;

/** One word of a shell command. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
