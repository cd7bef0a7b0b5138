# check, in shell: `make check`; where tests fail, their logs are shown.

directory=$(phase_get data.directory)
makefile=$(phase_get data.makefile)
shell=$(phase_get data.shell)

folder=$work_directory
[ "$directory" = null ] || folder=$work_directory/$directory

eval "set -- $(phase_words data.flags) $(phase_words data.targets)"
set -- "SHELL=$shell" "$@"
[ "$makefile" = null ] || set -- -f "$makefile" "$@"
[ "$(phase_get data.parallel)" = false ] || set -- "-j$cores" "$@"

standard_environment

show_logs() {
  find "$folder" -name test-suite.log -exec tail -n 100 '{}' '+' >&2
}

trap 'status=$?; [ "$status" -eq 0 ] || show_logs; exit "$status"' EXIT
run -C "$folder" make "$@"
