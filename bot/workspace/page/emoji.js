// The names of the emoji that operations bots use.

export const emoji = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", wave: "👋", eyes: "👀", pray: "🙏", tada: "🎉", robot_face: "🤖",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", no_entry: "⛔", no_bell: "🔕",
  bell: "🔔", mute: "🔇", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", grey_question: "❔", question: "❓", exclamation: "❗",
  bulb: "💡", mag: "🔍", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", clock9: "🕘", calendar: "📅",
  spiral_calendar_pad: "🗓️", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", memo: "📝",
  clipboard: "📋", page_facing_up: "📄", paperclip: "📎", link: "🔗", lock: "🔒", key: "🔑", wrench: "🔧", hammer: "🔨",
  gear: "⚙️", toolbox: "🧰", package: "📦", fire: "🔥", boom: "💥", zap: "⚡", green_heart: "💚", heart: "❤️", rocket: "🚀",
  arrow_right: "➡️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", recycle: "♻️", information_source: "ℹ️",
  smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", sweat_smile: "😅", computer: "💻", cloud: "☁️", sunny: "☀️",
  house: "🏠", speech_balloon: "💬", construction: "🚧", stethoscope: "🩺", wheel_of_dharma: "☸️", pushpin: "📌", zzz: "💤",
};
