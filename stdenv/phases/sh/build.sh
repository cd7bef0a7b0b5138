# build, in shell: `make`.

directory=$(phase_get data.directory)
makefile=$(phase_get data.makefile)
shell=$(phase_get data.shell)

folder=$work_directory
[ "$directory" = null ] || folder=$work_directory/$directory

eval "set -- $(phase_words data.flags) $(phase_words data.targets)"
set -- "SHELL=$shell" "$@"
[ "$makefile" = null ] || set -- -f "$makefile" "$@"
[ "$(phase_get data.parallel)" = false ] || set -- "-j$cores" -Oline "$@"

standard_environment
run -C "$folder" make "$@"
