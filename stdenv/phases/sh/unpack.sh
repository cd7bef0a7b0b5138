# unpack, in shell: the source becomes the work tree, in which its owner may change everything.

source=$(phase_get data.source)
[ "$source" != null ] || exit 0
[ -e "$source" ] || fail "the source $source does not exist"
folder=$temporary_directory/source

# Unpack an archive, by a flag of tar for its compression, if there is one.
untar() {
  run -C "$folder" tar -x -o ${2:-} -f "$1"
}

# A program that writes what is in $source to its output.
decompress() {
  program=$(tool "$1")
  "$program" -d -c <"$source" >"$temporary_directory/source.tar"
  untar "$temporary_directory/source.tar"
  rm "$temporary_directory/source.tar"
}

if [ -d "$source" ]; then
  cp -a "$source" "$folder"
else
  mkdir "$folder"
  case $(od -A n -t x1 -N 6 "$source" | tr -d ' \n') in
    1f8b*) untar "$source" -z ;;
    425a68*) untar "$source" -j ;;
    fd377a585a00*) untar "$source" -J ;;
    28b52ffd*) decompress zstd ;;
    4c5a4950*) decompress lzip ;;
    504b0304*) run -C "$folder" unzip -q "$source" ;;
    *)
      if [ "$(od -A n -t c -j 257 -N 5 "$source" | tr -d ' \n')" = ustar ]; then
        untar "$source"
      else
        name=${source##*/}
        case $name in
          ????????????????????????????????-*) name=${name#*-} ;;
        esac
        cp "$source" "$folder/$name"
      fi
      ;;
  esac
fi

# Two modes are all that a store knows, and the owner may write. Folders are entered after they can be.
find "$folder" -type d -exec chmod 755 '{}' ';'
find "$folder" -type f -perm -100 -exec chmod 755 '{}' +
find "$folder" -type f ! -perm -100 -exec chmod 644 '{}' +

# Move everything in a folder, whatever its name begins with, to the work tree.
move_all() {
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$each" ] || [ -L "$each" ]; then mv "$each" "$work_directory/"; fi
  done
}

root=$(phase_get data.sourceRoot)
if [ "$root" = null ]; then
  root=$folder
  set -- "$(ls -A "$folder")"
  if [ -d "$folder/$1" ] && [ ! -L "$folder/$1" ] && [ -n "$1" ]; then root=$folder/$1; fi
else
  [ -d "$folder/$root" ] || fail "the source has no folder $root; at its top are: $(ls -A "$folder")"
  root=$folder/$root
fi
move_all "$root"
rm -rf "$folder"
