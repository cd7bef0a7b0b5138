# fixup, in shell: what was installed goes to the outputs that it belongs to, names its interpreters by path, and loses what
# is of no use.

if phase_has outputs.out; then
  main_name=out
else
  eval "set -- $(phase_keys outputs)"
  main_name=$1
fi
main=$(output "$main_name")
moved=

# Move a path to where there may be a folder of the same name.
merge() {
  local each
  if [ ! -e "$2" ] && [ ! -L "$2" ]; then
    mkdir -p "${2%/*}"
    mv "$1" "$2"
  elif [ -d "$1" ] && [ -d "$2" ] && [ ! -L "$1" ] && [ ! -L "$2" ]; then
    for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      if [ -e "$each" ] || [ -L "$each" ]; then merge "$each" "$2/${each##*/}"; fi
    done
    rmdir "$1"
  else
    fail "$1 cannot go to $2, where there is something already"
  fi
}

# Move a path of the main output, and remove the folders that are empty then.
move_path() {
  local folder to
  to=$(output "$2")
  merge "$main/$1" "$to/$1"
  folder=$main/$1
  while folder=${folder%/*} && [ "$folder" != "$main" ] && rmdir "$folder" 2>/dev/null; do :; done
}

# Move a folder to the first of some outputs that the package has.
move_folder() {
  local folder each
  folder=$1
  shift
  for each in "$@"; do
    if [ "$each" != "$main_name" ] && phase_has "outputs.$each"; then
      moved="$moved $folder:$each"
      if [ -e "$main/$folder" ] || [ -L "$main/$folder" ]; then move_path "$folder" "$each"; fi
      return
    fi
  done
}

if [ -e "$main" ]; then
  eval "set -- $(phase_keys data.move)"
  for name in "$@"; do
    eval "set -- $(phase_words "data.move.$(path_part "$name")")"
    for pattern in "$@"; do
      none=yes
      IFS=
      for path in "$main"/$pattern; do
        unset IFS
        if [ -e "$path" ] || [ -L "$path" ]; then
          none=
          move_path "${path#"$main"/}" "$name"
        fi
      done
      unset IFS
      [ -z "$none" ] || fail "nothing matches $main/$pattern"
    done
  done
  move_folder lib/pkgconfig dev
  move_folder lib/cmake dev
  move_folder share/pkgconfig dev
  move_folder share/aclocal dev
  move_folder bin bin
  move_folder sbin bin
  move_folder lib lib
  move_folder include dev
  move_folder share/man man doc
  move_folder share/info info doc
  move_folder share/doc doc
fi

# Have a file of pkg-config say where headers and libraries are now.
move_package_config() {
  for place in $moved; do
    case $place in include:*) variable=includedir ;; lib:*) variable=libdir ;; *) continue ;; esac
    to=$(output "${place#*:}")/${place%%:*}
    if grep -q "^$variable=" "$1"; then sed -i "s|^$variable=.*|$variable=$to|" "$1"; fi
  done
}

build=$(phase_words platforms.build)
host=$(phase_words platforms.host)

find_interpreter() {
  local found
  found=$(find_host_program "$1")
  if [ -z "$found" ] && [ "$build" = "$host" ]; then found=$(find_tool "$1"); fi
  printf '%s\n' "$found"
}

patch_script() {
  if [ -f "$1" ] && [ ! -L "$1" ] && [ -n "$(find "$1" -perm /111)" ]; then patch_shebangs find_interpreter "$1"; fi
}

shebangs=$(phase_get data.shebangs)
eval "set -- $(phase_words outputs)"
for path in "$@"; do
  [ -d "$path" ] && [ ! -L "$path" ] || continue
  for file in "$path"/lib/pkgconfig/*.pc "$path"/share/pkgconfig/*.pc; do
    [ ! -f "$file" ] || move_package_config "$file"
  done
  if [ -d "$path/lib" ]; then
    find "$path/lib" -name '*.la' -type f -exec grep -q 'libtool library file' '{}' ';' -exec rm '{}' ';'
  fi
  rm -f "$path/share/info/dir"
  [ "$shebangs" = false ] || walk patch_script "$path"
done
