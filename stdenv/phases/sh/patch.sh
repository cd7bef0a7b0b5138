# patch, in shell: the changes in the source; then its scripts name the tools of this phase by their paths.

# Say which hunk of which file did not fit, from what the program wrote.
find_reason() {
  awk '
    /^patching file / { file = substr($0, 15) }
    tolower($0) ~ /hunk #?[0-9]+ (failed|at)/ && !/succeeded/ {
      number = $0
      sub(/^.*[Hh]unk #?/, "", number)
      sub(/ .*$/, "", number)
      reason = reason (reason == "" ? "" : ", ") "hunk " number " of " (file == "" ? "an unknown file" : file)
    }
    NF > 0 { last = $0 }
    END { print reason == "" ? last : reason }' "$1"
}

program=$(tool patch)
index=0
while phase_has "data.patches.$index"; do
  patch=$(phase_get "data.patches.$index.file")
  strip=$(phase_get "data.patches.$index.strip")
  output=$temporary_directory/patch-output
  log "\$ patch -p$strip -N -i $patch"
  status=0
  "$program" "-p$strip" -N -i "$patch" >"$output" 2>&1 || status=$?
  cat "$output" >&2
  if [ "$status" -ne 0 ]; then
    name=${patch##*/}
    fail "the patch ${name#????????????????????????????????-} does not apply: $(find_reason "$output")"
  fi
  index=$((index + 1))
done

patch_one() {
  patch_shebangs find_tool "$1"
}

[ "$(phase_get data.shebangs)" = false ] || walk patch_one .
