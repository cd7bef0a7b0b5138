# configure, in shell: the package's own script looks at the build platform and writes makefiles. Its log is shown where it fails, and
# removed where it does not.

script=$(phase_get data.script)
directory=$(phase_get data.directory)
style=$(phase_get data.style)
shell=$(phase_get data.shell)
log=$(phase_get data.log)
[ -f "$script" ] || fail "there is no script $script in the source; there are: $(ls -A)"

folder=$work_directory
way=./
if [ "$directory" != null ]; then
  folder=$work_directory/$directory
  mkdir -p "$folder"
  way=$(printf '%s/' "$directory" | sed 's:[^/]*/:../:g')
fi

# A flag for the first of some outputs that the package has, as it is in output-folders.ts.
directory_flag() {
  flag=$1
  below=$2
  shift 2
  for each in "$@"; do
    if phase_has "outputs.$each"; then
      path=$(output "$each")
      printf "'--%s=%s/%s' " "$flag" "$path" "$below"
      return
    fi
  done
}

triple() {
  cpu=$(phase_get "platforms.$1.cpu")
  kernel=$(phase_get "platforms.$1.kernel")
  abi=$(phase_get "platforms.$1.abi")
  printf '%s-unknown-%s-%s' "$cpu" "$kernel" "$abi"
}

flags=
if [ "$style" != plain ]; then
  out=$(output)
  flags="'--prefix=$out' $(directory_flag bindir bin bin)$(directory_flag sbindir sbin bin)$(directory_flag libdir lib lib)"
  flags="$flags$(directory_flag includedir include dev)$(directory_flag mandir share/man man doc)"
  flags="$flags$(directory_flag infodir share/info info doc)$(directory_flag docdir share/doc doc)"
fi
[ "$style" != autoconf ] || flags="$flags --build=$(triple build) --host=$(triple host)"
eval "set -- $flags $(phase_words data.flags)"

show_logs() {
  find "$folder" -name "$log" -exec tail -n 60 '{}' '+' >&2
}

standard_environment
trap 'status=$?; [ "$status" -eq 0 ] || show_logs; exit "$status"' EXIT
run -C "$folder" "$shell" "$way$script" "$@"
find "$folder" -name "$log" -exec rm '{}' '+'
